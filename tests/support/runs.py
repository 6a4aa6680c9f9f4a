"""Runs of reports as their tests look at them: in the registry, over HTTP, among the processes."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
import psutil

from store_uptime.service.registry.migrations import migrate
from tests.support.postgres import (
    eventually,
    fresh_database,
    run,
)
from tests.support.running import (
    NUMBERS,
    trigger,
)

PID = "split_part(application_name, ' ', 3)::int"


MANY_POLLS = (
    "create table store_status as select (n / 1000)::text as store_id, 'active' as status, "
    "timestamptz '2026-03-10' - n % 1000 * interval '10 minutes' as timestamp_utc from generate_series(0, 1499999) n",
    "create table menu_hours (store_id text, day_of_week int, start_time_local time, end_time_local time)",
    "create table timezones (store_id text, timezone_str text)",
)


@contextmanager
def fresh_registry(server: str) -> Generator[str]:
    """A registry without reports."""
    with fresh_database(server) as url:
        migrate(url)
        yield url


def new_options() -> dict[str, str]:
    """Options that nobody has asked for yet, so that no two reports are joined."""
    return {"lookback": f"{next(NUMBERS)}s"}


def new_report(client: httpx.Client) -> str:
    """The id of a report with options of its own."""
    return trigger(client, **new_options())


def status(client: httpx.Client, report_id: str) -> dict[str, Any]:
    """Where a report stands."""
    return looked_at(client, report_id).json()


def looked_at(client: httpx.Client, report_id: str) -> httpx.Response:
    """The answer to a question for the status of a report."""
    return client.get(f"/get_report/{report_id}", params={"status_only": True})


def busy_workers(registry: str) -> list[psutil.Process]:
    """The workers that make a report: each has a connection to the registry, under a name that tells its process."""
    theirs = "application_name like 'store-uptime worker %' and datname = current_database()"
    return [psutil.Process(pid) for (pid,) in run(registry, f"select {PID} from pg_stat_activity where {theirs}")]


def the_busy_worker(registry: str) -> psutil.Process:
    """The one worker that makes a report, once it does."""
    eventually(lambda: len(busy_workers(registry)) == 1)
    (worker,) = busy_workers(registry)
    return worker


def value(registry: str, report_id: str, column: str) -> Any:
    """What a report's row holds."""
    ((found,),) = run(registry, f"select {column} from store_uptime.report where id = '{report_id}'")
    return found


def change(registry: str, report_id: str, changes: str) -> None:
    """Change a report's row as another server might."""
    run(registry, f"update store_uptime.report set {changes} where id = '{report_id}'")


def run_of(registry: str, report_id: str) -> str | None:
    """The run that has a report, if one has."""
    return value(registry, report_id, "run")


def begun_run(registry: str, report_id: str) -> str | None:
    """The same, once one has it."""
    eventually(lambda: run_of(registry, report_id))
    return run_of(registry, report_id)


def named(database: str, run_id: str | None, state: str = "%") -> int:
    """How many connections to the server of this database a run has, in a state."""
    ((connections,),) = run(
        database,
        f"select count(*) from pg_stat_activity where application_name = 'store-uptime {run_id}' "
        f"and state like '{state}'",
    )
    return connections
