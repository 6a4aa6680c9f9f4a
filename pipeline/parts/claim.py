"""Who is at a run: two drivers that are started with the same exchange do not disturb each other."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from threading import Event, Thread

from msgspec import DecodeError, Struct, json

from store_uptime.pipeline.errors import StoreUptimeError
from store_uptime.pipeline.parts.exchange import Exchange

SIGN_S, SILENT_S = 20.0, 90.0
"""How often a driver gives a sign of life, and after which silence it is taken for dead."""


class Sign(Struct, frozen=True):
    """A sign of life of a driver."""

    host: str
    process: int
    at: float


@contextmanager
def claimed(exchange: Exchange, run: str) -> Iterator[str]:
    """The name under which a run is made: its own, or another one where somebody is at it already."""
    name = f"{run}-{token_hex(4)}" if is_taken(exchange, run) else run
    is_over = Event()
    signs = Thread(target=give_signs, args=[exchange, name, is_over], daemon=True)
    signs.start()
    try:
        yield name
    finally:
        is_over.set()
        signs.join()


def is_taken(exchange: Exchange, run: str) -> bool:
    """Whether another driver lives that makes this run."""
    names = exchange.names(f"{run}/driver")
    if not names:
        return False
    try:
        sign = json.decode(exchange.get(names[0]), type=Sign)
    except (DecodeError, StoreUptimeError):
        return False
    is_here = sign.host == socket.gethostname()
    return time.time() - sign.at < SILENT_S and not (is_here and not is_running(sign.process))


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def give_signs(exchange: Exchange, run: str, is_over: Event) -> None:
    """Signs of life until it is over; the first one at once."""
    while True:
        sign = Sign(socket.gethostname(), os.getpid(), time.time())
        with suppress(StoreUptimeError):  # the next one may get through
            exchange.put(f"{run}/driver/sign", json.encode(sign))
        if is_over.wait(SIGN_S):
            return
