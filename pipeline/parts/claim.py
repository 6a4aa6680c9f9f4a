"""Who is at a run: drivers that are started with the same exchange do not disturb each other.

Each gives a sign of life before it looks for those of others. So of two that begin at once at least one sees the other
and makes a run of its own, and the last one that is at a run removes it.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from threading import Event, Thread

from msgspec import DecodeError, Struct, json

from store_uptime.pipeline.errors import (
    BadPeriod,
    HorizonOutOfRange,
    NoPolls,
    NoSuchZone,
    PeriodOutOfRange,
    SourceBusy,
    SourceMismatch,
    StoreUptimeError,
    UnknownAttribute,
    UnknownStore,
    UnknownValue,
)
from store_uptime.pipeline.parts.exchange import Exchange

SIGN_S, SILENT_S = 20.0, 90.0
"""How often a driver gives a sign of life, and after which silence it is taken for dead."""
GOODBYE_S = 1.0
"""How long the last sign may take: Ctrl-C does not wait for a bucket that does not answer."""
PROCESS = token_hex(8)
"""Tells this process from an earlier one of the same number, as a container has it that is started again."""
FINAL = (
    *(BadPeriod, HorizonOutOfRange, NoSuchZone, PeriodOutOfRange),
    *(NoPolls, SourceBusy, SourceMismatch, UnknownAttribute, UnknownStore, UnknownValue),
)
"""After these nothing is gained by what is there: the next start meets other files, or the same error."""


class Sign(Struct, frozen=True):
    """A sign of life of a driver. token: see `PROCESS`."""

    host: str
    process: int
    token: str
    at: float


@contextmanager
def claimed(exchange: Exchange, run: str) -> Iterator[str]:
    """The name under which a run is made: its own, or another one where somebody is at it already.

    What is there stays for the next start if the block is left by an error that another start may not meet.
    Raises CannotWrite, and what a bucket raises.
    """
    driver = token_hex(4)
    give_sign(exchange, run, driver)
    if is_taken(exchange, run, driver):
        exchange.discard(sign_name(run, driver))
        run = f"{run}-{driver}"
        give_sign(exchange, run, driver)
    is_over, is_done = Event(), False
    signs = Thread(target=give_signs, args=[exchange, run, driver, is_over], daemon=True)
    signs.start()
    try:
        yield run
        is_done = True
    except FINAL:
        is_done = True
        raise
    finally:
        is_over.set()
        signs.join(GOODBYE_S)
        if is_done and not is_taken(exchange, run, driver):
            exchange.remove(run)


def is_taken(exchange: Exchange, run: str, driver: str) -> bool:
    """Whether another driver lives that makes this run."""
    own = sign_name(run, driver)
    return any(is_of_living(exchange, name) for name in exchange.names(f"{run}/drivers") if name != own)


def is_of_living(exchange: Exchange, name: str) -> bool:
    try:
        sign = json.decode(exchange.get(name), type=Sign)
    except (DecodeError, StoreUptimeError):
        return False
    is_here = sign.host == socket.gethostname()
    return time.time() - sign.at < SILENT_S and not (is_here and not is_running(sign))


def is_running(sign: Sign) -> bool:
    if sign.process == os.getpid():
        return sign.token == PROCESS
    try:
        os.kill(sign.process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def sign_name(run: str, driver: str) -> str:
    return f"{run}/drivers/{driver}"


def give_sign(exchange: Exchange, run: str, driver: str) -> None:
    sign = Sign(socket.gethostname(), os.getpid(), PROCESS, time.time())
    exchange.put(sign_name(run, driver), json.encode(sign))


def give_signs(exchange: Exchange, run: str, driver: str, is_over: Event) -> None:
    """Further signs of life until it is over, and none after that."""
    while not is_over.wait(SIGN_S):
        with suppress(StoreUptimeError):  # the next one may get through
            give_sign(exchange, run, driver)
    with suppress(StoreUptimeError):
        exchange.discard(sign_name(run, driver))
