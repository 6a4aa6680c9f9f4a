"""Schedules under a clock that the test rules, and when they are due by a rule of our own."""

from collections.abc import Container, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from store_uptime.service.registry.migrations import migrate
from store_uptime.service.testing import Service
from tests.support.postgres import eventually, fresh_database, run
from tests.support.running import BRISK, finished, running

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)  # a day before the newest poll of a sample
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def rule_clock(registry: str, moment: datetime) -> None:
    """From now on all servers of a registry have the time that `set_clock` says."""
    migrate(registry)
    run(
        registry,
        "create table if not exists clock (moment timestamptz)",
        f"insert into clock values ('{moment.isoformat()}')",
        "create or replace function store_uptime.clock() returns timestamptz language sql stable "
        "as 'select moment from public.clock'",
    )


def set_clock(registry: str, moment: datetime) -> None:
    """Have it be another time."""
    run(registry, f"update clock set moment = '{moment.isoformat()}'")


@dataclass(frozen=True)
class Ruled:
    """A service whose schedules go by our clock."""

    client: httpx.Client
    registry: str
    tables: str
    server: Service

    def add(self, name: str, **members: object) -> dict[str, Any]:
        """Add a schedule."""
        answer = self.client.post("/schedules", json={"name": name, "cron": "0 * * * *"} | members)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def described(self, name: str) -> dict[str, Any]:
        """What the API says of a schedule."""
        found = self.client.get("/schedules").json()["schedules"]
        return next(each for each in found if each["name"] == name)

    def reports(self, name: str) -> list[dict[str, Any]]:
        """The reports of a schedule, the newest first."""
        found = self.client.get("/reports", params={"limit": 200}).json()["reports"]
        return [report for report in found if report.get("schedule") == name]

    def only_report(self, name: str) -> dict[str, Any]:
        """The one report of a schedule, once it has finished."""
        eventually(lambda: self.reports(name), 30)
        (report,) = self.reports(name)
        return finished(self.client, report["report_id"])

    def tries(self, name: str) -> int:
        """How often the report of a schedule has failed."""
        return max((report.get("tries", 0) for report in self.reports(name)), default=0)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the registry."""
        return run(self.registry, statement)


def as_new(ruled: Ruled) -> Ruled:
    """The same service where nothing has happened yet, and it is noon."""
    eventually(lambda: not ruled.ask("select 1 from store_uptime.report where status = 'running'"), 30)
    tables = "select tablename from pg_tables where schemaname = 'store_uptime' and tablename <> 'migration'"
    run(ruled.registry, f"truncate {', '.join(f'store_uptime.{name}' for (name,) in ruled.ask(tables))}")
    set_clock(ruled.registry, NOON)
    return ruled


@contextmanager
def ruled_service(server: str, tables: str, *options: str, **environment: str) -> Generator[Ruled]:
    """A service with a registry of its own, where it is noon."""
    with fresh_database(server) as registry:
        rule_clock(registry, NOON)
        with (
            running(tables, "--registry", registry, *options, **(BRISK | environment)) as service,
            service.client() as client,
        ):
            yield Ruled(client, registry, tables, service)


def clock_times(zone: str, at: time, first: date, last: date) -> Iterator[datetime]:
    """When a clock on the wall shows a time of day, once a day, in UTC: where it is skipped, the first moment after the
    gap; where it comes twice, the first."""
    clock = ZoneInfo(zone)
    for number in range((last - first).days + 1):
        shown = datetime.combine(first + number * DAY, at, clock)
        moment = shown.astimezone(UTC)
        if moment.astimezone(clock).replace(tzinfo=None) != shown.replace(tzinfo=None):
            moment = next(minute for minute in minutes(moment - 3 * HOUR, moment) if is_after_a_gap(minute, clock))
        yield moment


def shown_every_hour(zone: str, shown: Container[int], first: datetime, end: datetime) -> list[datetime]:
    """Every moment from first to end at which a clock on the wall shows one of these minutes, whatever the hour."""
    clock = ZoneInfo(zone)
    return [moment for moment in minutes(first, end) if moment.astimezone(clock).minute in shown]


def minutes(first: datetime, end: datetime) -> Iterator[datetime]:
    """Every minute from first to end, both included."""
    while first <= end:
        yield first
        first += MINUTE


def is_after_a_gap(moment: datetime, clock: ZoneInfo) -> bool:
    """Whether clocks have gone forward just before a moment."""
    return moment.astimezone(clock).utcoffset() != (moment - MINUTE).astimezone(clock).utcoffset()
