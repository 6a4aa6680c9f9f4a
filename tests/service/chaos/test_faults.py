"""Faults: clients trigger reports and look at things while what the service needs hangs, refuses, or comes back.

Every request is answered within its deadline, no report is lost, stuck or wrong, and each 503 has its cause in the log.
`just chaos` has all of them several times: CHAOS_ROUNDS times. CHAOS_SEED says in which order.
"""

import itertools
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.service.chaos.crowd import (
    CLIENTS,
    NEWEST,
    SEED,
    SERVERS,
    Answer,
    Seen,
    Servers,
    await_all_ended,
    expected,
    is_sentence,
    options_of,
    stores_of,
)
from tests.service.chaos.faults import FAULTS, World, small_disk
from tests.support.postgres import SAFE, new_cluster, open_folder, run
from tests.support.receivers import Receiver
from tests.support.running import BRISK, loaded, started

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "6"))
HOLD_S = (1.0, 20.0)
DISK_MIB = 24
LOOKERS = 4
LOOK_S = 0.3
# less than a client waits: a worker may be paused, and the source be locked, for longer
IN_TIME = {"STORE_UPTIME_TIMING_SOURCE_S": "15", "STORE_UPTIME_TIMING_STORED_S": "15"}
PROBE_S = 2.0  # a probe waits behind nothing; on a busy machine it takes its time all the same
CALM_S = 0.1
PATHS = ("/", "/reports", "/stores", "/schedules", "/timeline?store_id={store}", "/get_report/{report}")
PROBES = ("/health", "/ready")


@pytest.mark.nightly
def test_every_wait_ends_and_no_report_is_lost_or_wrong(feed: Path) -> None:
    with a_world(feed) as world:
        over = threading.Event()
        kept = world.servers.report({"now": (NEWEST + timedelta(minutes=7)).isoformat()})
        with ThreadPoolExecutor(CLIENTS) as clients, ThreadPoolExecutor(LOOKERS) as lookers:
            looking = [lookers.submit(look, world, kept, over) for _ in range(LOOKERS)]
            numbers = itertools.count()
            reports = [clients.submit(report_after_report, world, numbers, over) for _ in range(CLIENTS // 4)]
            happened = go_wrong(world)
            over.set()
            seen = [report for future in reports for report in future.result()]
            for each in looking:
                each.result()
        errors = Counter(report.error for report in seen)
        statuses = Counter(answer.status for answer in world.servers.answers)
        print(f"\n{len(seen)} reports {dict(errors)}, requests {dict(statuses)}; {dict(happened)}")
        await_all_ended(world.registry, 60)
        assert [report for report in seen if report.file and report.file != expected(world.source, report)] == []
        assert [report.error for report in seen if not (report.file or is_sentence(report.error))] == []
        assert world.servers.file(kept) == kept.file
        assert undelivered(world) == []
    print(Counter(line["cause"] for line in world.servers.logged if line.get("cause")))
    assert world.servers.exit_statuses == [0] * SERVERS
    assert world.servers.unexpected == []
    assert unanswered(world) == []
    assert late(world) == []
    assert without_cause(world) == []


@contextmanager
def a_world(feed: Path) -> Generator[World]:
    """Two servers, a database for the tables and one for the reports, a small disk, and a receiver of webhooks."""
    with ExitStack() as held:
        folder = held.enter_context(open_folder())
        small = folder / "small"
        is_small = held.enter_context(small_disk(small, DISK_MIB))
        source, registry = (held.enter_context(new_cluster()) for _ in range(2))
        held.enter_context(source.running(*SAFE))
        held.enter_context(registry.running(*SAFE))
        receiver = held.enter_context(Receiver().listening())
        loaded(source.socket_url, feed)

        def launched() -> Any:
            options = ("--registry", registry.socket_url, "--destination", f"box={small / 'box'}")
            return started(source.socket_url, *options, "--webhook-network", "127.0.0.0/8", **BRISK, **IN_TIME)

        servers = held.enter_context(Servers(launched))
        chance = random.Random(SEED)
        faults = [name for name in FAULTS if is_small or name != "disk full"]
        world = World(source, registry, servers, receiver, stores_of(source), small, faults, chance)
        if is_small:
            move_reports(world)
        add_schedule(world)
        yield world


def move_reports(world: World) -> None:
    """Have the reports of the registry on the small disk."""
    folder = world.small_disk / "reports"
    folder.mkdir()
    if world.registry.owner:
        os.chown(folder, *world.registry.owner)
    url = world.registry.socket_url
    run(url, f"create tablespace small location '{folder}'", "alter table store_uptime.report set tablespace small")


def add_schedule(world: World) -> None:
    """A schedule that nobody waits for, of which files go out."""
    hook = f"{world.receiver.url}/hook"
    schedule = {"name": "box", "cron": "0 0 1 1 *", "deliver_to": ["box"], "webhook": hook}
    world.servers.answer("POST", "/schedules", json=schedule)


def go_wrong(world: World) -> Counter[str]:
    """One fault after the other, sometimes two at once; which ones, counted."""
    happened: Counter[str] = Counter()
    for _ in range(ROUNDS):
        for name in world.chance.sample(world.faults, len(world.faults)):
            with ExitStack() as held:
                held.enter_context(contextmanager(FAULTS[name])(world))
                happened[name] += 1
                time.sleep(world.chance.uniform(*HOLD_S))
            time.sleep(CALM_S)
    return happened


def report_after_report(world: World, numbers: "itertools.count[int]", over: threading.Event) -> list[Seen]:
    """The reports that a client has waited for, one after the other."""
    seen: list[Seen] = []
    while not over.is_set():
        number = next(numbers)
        seen.append(world.servers.report(options_of(number + 1, world.stores)[number]))
    return seen


def look(world: World, kept: Seen, over: threading.Event) -> None:
    """Look at everything there is, at any server, again and again."""
    chance = random.Random(SEED)
    while not over.is_set():
        server = chance.choice(world.servers.all)
        path = chance.choice([*PATHS, *PROBES])
        world.servers.tried(server, "GET", path.format(store=world.stores[0], report=kept.report_id))
        if chance.random() < 0.1:
            world.servers.tried(server, "POST", "/schedules/box/run")
        over.wait(LOOK_S)


def unanswered(world: World) -> list[Answer]:
    """The requests that had no answer in time, of servers that were there to give one."""
    return [each for each in world.servers.answers if each.status is None and not was_paused(world, each)]


def was_paused(world: World, answer: Answer) -> bool:
    """Whether its server did nothing while it was to answer."""
    return any(
        answer.server.process.pid == pid and start < answer.start + answer.seconds and answer.start < ended
        for pid, start, ended in world.paused
    )


def late(world: World) -> list[Answer]:
    """The answers of probes that have waited for something."""
    return [
        each
        for each in world.servers.answers
        if each.path in PROBES and each.seconds > PROBE_S and not was_paused(world, each)
    ]


def without_cause(world: World) -> list[Answer]:
    """The requests that were refused for a while, and the log does not say why."""
    explained = {line.get("request_id") for line in world.servers.logged if line.get("cause")}
    return [
        each
        for each in world.servers.answers
        if each.status == 503 and each.path not in PROBES and each.request_id not in explained
    ]


def undelivered(world: World) -> list[tuple[Any, ...]]:
    """What was to go out, and is neither there nor waiting with a reason."""
    return run(
        world.registry.socket_url,
        "select kind, status, tries, error from store_uptime.delivery "
        "where status = 'failed' or status = 'waiting' and tries > 0 and error is null and lease_until < now()",
    )
