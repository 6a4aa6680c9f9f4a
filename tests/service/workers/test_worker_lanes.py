"""Lanes of worker processes: what ends a task, what a process leaves behind, whose turn it is, who must give way."""

import asyncio
import errno
import os
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from store_uptime.service.concurrency.clients import CLIENT, Client
from store_uptime.service.concurrency.turns import Turns
from store_uptime.service.errors import (
    ClientGone,
    NeedsMoreMemory,
    ServerBusy,
    SourceTooSlow,
    TooManyWaiting,
    WorkerLost,
)
from store_uptime.service.front.connections import OF_ONE, RESERVED, Connections
from store_uptime.service.front.outflow import OF_ONE as BYTES_OF_ONE, PIECE, Outflow
from store_uptime.service.front.proxies import is_proxy
from store_uptime.service.networks import proxy_networks
from store_uptime.service.settings import Settings
from store_uptime.service.timing import Timing
from store_uptime.service.workers.lanes import Lane, LaneName
from store_uptime.service.workers.pool import Workers
from store_uptime.service.workers.tasks import SourceConfig
from tests.support.running import in_a_loop

MEBIBYTE = 1 << 20
NOWHERE = SourceConfig("postgresql://localhost/none", None)
LEFT = 100


def hung(place: SourceConfig) -> None:
    """What a locked source does."""
    time.sleep(60)


def leave_threads() -> int:
    """What a driver does that never ends its threads."""
    for _ in range(LEFT):
        threading.Thread(target=time.sleep, args=[60], daemon=True).start()
    return os.getpid()


def without_a_thread() -> int:
    """What fails in a process that has done something before, and nowhere else."""
    if "done" in globals():
        raise OSError(errno.EAGAIN, "no thread")
    return os.getpid()


def note_done() -> int:
    """Do something that fails another time."""
    globals()["done"] = True
    return os.getpid()


def take_memory() -> int:
    """More of it than a share."""
    held = []
    for _ in range(400):
        held.append(bytearray(b"x" * MEBIBYTE))
        time.sleep(0.001)
    return len(held)


@asynccontextmanager
async def kept_whole(lane: Lane | Workers) -> AsyncGenerator[None]:
    """Its processes are there within the block."""
    keeping = asyncio.create_task(lane.keep_whole() if isinstance(lane, Lane) else lane.keep_warm())
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def until(holds: Any) -> None:
    """Wait for something that is about to be true."""
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.02)


@pytest.mark.long
def test_a_source_that_hangs_keeps_nothing_that_is_stored_waiting_and_has_a_deadline(tmp_path: Path) -> None:
    async def tried() -> None:
        workers = Workers(Settings(workers=1, timing=Timing(source_s=1)), tmp_path)
        async with kept_whole(workers):
            await until(lambda: workers.readiness_problem is None)
            waiting = asyncio.create_task(workers.run_on_source(hung, NOWHERE))
            assert await workers.run_interactive(os.getpid) != os.getpid()
            assert not waiting.done()
            with pytest.raises(SourceTooSlow, match="within 1 seconds"):
                await waiting
            assert workers.is_whole  # that of reports
            await gone_client(workers)

    async def gone_client(workers: Workers) -> None:
        left = asyncio.Event()

        async def receive() -> Any:
            await left.wait()
            return {"type": "http.disconnect"}

        CLIENT.set(Client("192.0.2.1", receive))
        running = asyncio.create_task(workers.run_interactive(time.sleep, 60))
        queued = asyncio.create_task(workers.run_interactive(time.sleep, 61))
        await until(lambda: dict(workers.turns)[LaneName.STORED].waiting == 1)
        left.set()
        for task in (running, queued):
            with pytest.raises(ClientGone):
                await task
        CLIENT.set(Client("192.0.2.2"))
        assert await workers.run_interactive(os.getpid) != os.getpid()
        assert workers.lost == 0

    in_a_loop(tried())


@pytest.mark.long
def test_what_a_process_leaves_behind_costs_no_answer(tmp_path: Path) -> None:
    async def tried() -> None:
        lane = Lane(LaneName.REPORTS, 1, 200 * MEBIBYTE, str(tmp_path))
        async with kept_whole(lane):
            spent = await lane.run_in_worker(leave_threads)
            (process,) = lane.processes
            await until(lambda: not process.is_alive)
            second = await lane.run_in_worker(note_done)
            assert second != spent
            assert await lane.run_in_worker(without_a_thread) != second  # begun again in a fresh one
            with pytest.raises(WorkerLost, match="SIGABRT"):
                await lane.run_in_worker(os.abort)
            with pytest.raises(NeedsMoreMemory):
                await lane.run_in_worker(take_memory)
            await until(lambda: (lane.replaced, lane.lost, lane.failure) == (2, 2, None))

    in_a_loop(tried())


@pytest.mark.long
def test_a_process_that_cannot_be_started_is_told_of(tmp_path: Path) -> None:
    async def tried() -> None:
        workers = Workers(Settings(workers=1, timing=Timing(desk_s=600)), tmp_path / "missing")
        async with kept_whole(workers):
            await until(lambda: workers.failure is not None)
            assert workers.readiness_problem == "They cannot be started or replaced; the server's log says why."

    in_a_loop(tried())


# Turns ----------------------------------------------------------------------------------------------------------------


async def served(turns: Turns, done: list[str], client: str, kind: str) -> None:
    """Do something in turn."""
    async with turns.turn(client, (kind,)):
        await asyncio.sleep(0)
        done.append(f"{client}{kind}")


def test_clients_take_turns_and_of_each_the_kinds_of_things() -> None:
    async def order() -> list[str]:
        turns, done = Turns(1, 10, 100), list[str]()
        asked = [("a", "x")] * 4 + [("a", "y"), ("b", "x")]
        await asyncio.gather(*(served(turns, done, *each) for each in asked))
        return done

    assert in_a_loop(order()) == ["ax", "bx", "ay", "ax", "ax", "ax"]


def test_so_many_wait_of_one_client_and_so_many_at_all() -> None:
    async def tried() -> None:
        turns, done = Turns(1, 2, 3), list[str]()
        async with turns.turn("a", ()):
            waiting = [asyncio.create_task(served(turns, done, client, "")) for client in "aab"]
            await asyncio.sleep(0)
            with pytest.raises(TooManyWaiting):
                await served(turns, done, "a", "")
            with pytest.raises(ServerBusy):
                await served(turns, done, "c", "")
            waiting[0].cancel()
            await asyncio.sleep(0)
            waiting.append(asyncio.create_task(served(turns, done, "c", "")))
            await asyncio.sleep(0)
        await asyncio.gather(*waiting, return_exceptions=True)
        assert sorted(done) == ["a", "b", "c"]

    in_a_loop(tried())


# Connections ----------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Held:
    """A connection that does nothing by itself."""

    address: str
    known: Connections
    may_only_probe: bool = False
    is_open: bool = True

    def close_now(self) -> None:
        """End it."""
        if self.is_open:
            self.is_open = False
            self.known.remove(self)


def opened(known: Connections, address: str, count: int, is_busy: bool = False) -> list[Held]:
    """Connections from an address."""
    made = [Held(address, known) for _ in range(count)]
    for connection in made:
        known.add(connection)
        if is_busy:
            known.set_busy(connection)
    return made


def test_the_connection_that_does_nothing_for_the_longest_time_gives_way() -> None:
    known = Connections(10_000, lambda peer: is_proxy(peer, proxy_networks("10.0.0.0/8")))
    other, first, *rest = opened(known, "192.0.2.9", 1) + opened(known, "192.0.2.1", OF_ONE)
    (new,) = opened(known, "192.0.2.1", 1)
    assert not first.is_open
    assert other.is_open
    assert all(each.is_open for each in rest)
    assert not new.may_only_probe
    assert all(each.is_open for each in opened(known, "10.1.1.1", OF_ONE + 1))  # behind it are many clients


def test_where_none_can_give_way_there_are_places_for_probes() -> None:
    known = Connections(500, lambda peer: is_proxy(peer, proxy_networks("127.0.0.1, ::1")))
    busy = opened(known, "127.0.0.1", 200, is_busy=True)
    late = opened(known, "127.0.0.1", RESERVED + 5)
    assert all(each.may_only_probe for each in late)
    assert [each.is_open for each in late] == [False] * 5 + [True] * RESERVED
    assert all(each.is_open for each in busy)


# Answers on their way -------------------------------------------------------------------------------------------------


def test_an_answer_goes_out_in_pieces_and_the_next_one_waits_for_its_reader() -> None:
    async def tried() -> None:
        outflow, client, sent = Outflow(), Client("192.0.2.1"), list[Any]()

        async def send(message: Any) -> None:
            sent.append(message)

        async def answered(size: int) -> Any:
            answer = outflow.answer(client, send)
            length = str(size).encode()
            await answer.send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
            await answer.send({"type": "http.response.body", "body": bytes(size), "more_body": False})
            return answer

        large = await answered(BYTES_OF_ONE)
        assert [len(message["body"]) for message in sent[1:]] == [PIECE] * (BYTES_OF_ONE // PIECE)
        assert [message["more_body"] for message in sent[-2:]] == [True, False]
        sent.clear()
        await answered(PIECE + 1)
        assert [message.get("status") for message in sent] == [429, None]
        large.end()
        sent.clear()
        (await answered(PIECE + 1)).end()
        assert [len(message["body"]) for message in sent[1:]] == [PIECE, 1]
        assert outflow.total == 0

    in_a_loop(tried())
