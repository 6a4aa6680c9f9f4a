"""Two servers on one registry, killed when schedules are due, over both clock changes: one report for each due time.

CI has a few nights; `just nightly` has a hundred due times. DUE_SEED says who is killed, and when.
"""

import os
import random
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, time as time_of_day
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import pytest

from tests.support.postgres import SAFE, eventually, new_cluster, run
from tests.support.running import BRISK, loaded, running, started
from tests.support.timetable import DAY, MINUTE, clock_times, rule_clock, set_clock, shown_every_hour

if TYPE_CHECKING:
    from store_uptime.service.testing import Service

SEED = int(os.environ.get("DUE_SEED", "1"))
WITHIN_S = 0.5  # of the moment somebody is killed: a server looks four times a second here
ALL = "select schedule, due_at, status, is_late, passed_over from store_uptime.report"
VICTIMS: list[list[int]] = [[], [], [0], [1], [0, 1]]
WAITING = "select 1 from store_uptime.report where status = 'queued'"
UNFINISHED = "select 1 from store_uptime.report where status <> 'complete'"
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


@dataclass(frozen=True)
class Phase:
    """Schedules by name, from when to when they are there, and when they are due by a rule of our own."""

    begin: datetime
    end: datetime
    schedules: dict[str, tuple[str, str]]
    due: list[tuple[datetime, str]]


def nights(begin: datetime, end: datetime) -> Phase:
    """Times of day that are skipped in spring, and come twice in autumn."""
    at = {"gap": (2, 30, BERLIN), "before": (1, 45, BERLIN), "far": (1, 30, NEW_YORK)}
    schedules = {name: (f"{minute} {hour} * * *", zone) for name, (hour, minute, zone) in at.items()}
    due = [
        (moment, name)
        for name, (hour, minute, zone) in at.items()
        for moment in clock_times(zone, time_of_day(hour, minute), begin.date() - DAY, end.date() + DAY)
        if begin < moment <= end
    ]
    return Phase(begin, end, schedules, sorted(due))


def hours(begin: datetime, end: datetime) -> Phase:
    """Every half hour of one night."""
    due = [(moment, "often") for moment in shown_every_hour(BERLIN, {0, 30}, begin + MINUTE, end)]
    return Phase(begin, end, {"often": ("*/30 * * * *", BERLIN)}, due)


BRIEF = [hours(datetime(2026, 10, 25, 0, 15, tzinfo=UTC), datetime(2026, 10, 25, 1, 45, tzinfo=UTC))]
WHOLE = [
    nights(datetime(2026, 3, 22, 12, tzinfo=UTC), datetime(2026, 4, 4, 12, tzinfo=UTC)),
    hours(datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 3, 29, 4, tzinfo=UTC)),
    nights(datetime(2026, 10, 20, 12, tzinfo=UTC), datetime(2026, 11, 3, 12, tzinfo=UTC)),
    hours(datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 4, tzinfo=UTC)),
]


class Pair:
    """Two servers on one registry, each there again after it was killed."""

    def __init__(self, database: str) -> None:
        self._database, self._life = database, ExitStack()
        self._servers: list[Service] = []

    def __enter__(self) -> Self:
        self._servers = [self._life.enter_context(running(self._database, **BRISK)) for _ in range(2)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._life.close()

    def kill(self, numbers: list[int]) -> None:
        """Kill some with -9, all before the first is there again."""
        for number in numbers:
            self._servers[number].kill()
        for number in numbers:
            self._servers[number] = self._life.enter_context(started(self._database, **BRISK))

    def ask(self, method: str, path: str, **body: object) -> None:
        """A request that has to succeed, to the first one."""
        with self._servers[0].client() as client:
            eventually(lambda: client.get("/ready").is_success, 30)
            assert client.request(method, path, json=body or None).is_success


@pytest.mark.parametrize(
    ("phases", "due_times"),
    [pytest.param(BRIEF, 3, marks=pytest.mark.long), pytest.param(WHOLE, 100, marks=pytest.mark.nightly)],
    ids=["brief", "whole"],
)
def test_each_due_time_has_one_report_whoever_is_killed_at_it(feed: Path, phases: list[Phase], due_times: int) -> None:
    chance, kills, expected = random.Random(SEED), 0, Counter[tuple[str, datetime, str, bool, int]]()
    assert sum(len(phase.due) for phase in phases) >= due_times
    with new_cluster() as cluster, cluster.running(*SAFE):
        registry = cluster.socket_url
        loaded(registry, feed)
        rule_clock(registry, phases[0].begin)
        with Pair(registry) as pair:
            for number, phase in enumerate(phases):
                set_clock(registry, phase.begin)
                for name, (cron, zone) in phase.schedules.items():
                    pair.ask("POST", "/schedules", name=f"{name}-{number}", cron=cron, zone=zone)
                for moment, name in phase.due:
                    set_clock(registry, moment)
                    victims = chance.choice(VICTIMS)
                    time.sleep(chance.uniform(0, WITHIN_S) if victims else 0)
                    pair.kill(victims)
                    kills += len(victims)
                    expected[f"{name}-{number}", moment, "complete", False, 0] += 1
                    eventually(lambda: len(run(registry, ALL)) >= expected.total(), 60)
                    eventually(lambda: not run(registry, WAITING), 60)  # what waits gives way to the next one
                set_clock(registry, phase.end)
                for name in phase.schedules:
                    pair.ask("DELETE", f"/schedules/{name}-{number}")
            set_clock(registry, phases[-1].end + DAY)  # what was killed three times is tried again later
            eventually(lambda: not run(registry, UNFINISHED), 120)
        print(f"\n{kills} kills at {expected.total()} due times")
        assert Counter(run(registry, ALL)) == expected
        assert kills > due_times / 2
