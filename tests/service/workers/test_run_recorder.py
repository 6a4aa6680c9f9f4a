"""What a run writes into the registry, while it goes on."""

from collections.abc import Iterator

import psycopg
import pytest

from store_uptime.pipeline import Limits
from store_uptime.service.registry.queue import fail_run
from store_uptime.service.registry.rows import StoredOptions
from store_uptime.service.workers.run_recorder import RunRecorder
from store_uptime.service.workers.tasks import SourceConfig, Task
from tests.support.postgres import eventually, run
from tests.support.runs import fresh_registry, value

REPORT, RUN = "0" * 32, "mine"
OPTIONS = StoredOptions(now=None, store_id=None, max_gap=None, lookback=86_400.0, columns="plain")
ROW = f"select * from store_uptime.report where id = '{REPORT}' for update"


@pytest.fixture
def registry(server: str) -> Iterator[str]:
    """A registry with one report that runs."""
    with fresh_registry(server) as url:
        row = f"'{REPORT}', '{{}}', '', 'running', '{RUN}', now()"
        run(url, f"insert into store_uptime.report (id, options, client, status, run, lease_until) values ({row})")
        yield url


def task(registry: str) -> Task:
    return Task(REPORT, RUN, OPTIONS, SourceConfig(registry, None), registry, Limits())


def waiting(registry: str) -> bool:
    """Whether a worker waits for a row that somebody has locked."""
    query = "from pg_stat_activity where application_name like 'store-uptime worker %' and wait_event_type = 'Lock'"
    return run(registry, f"select exists (select {query} and datname = current_database())") == [(True,)]


def test_a_run_goes_on_while_its_progress_is_written(registry: str) -> None:
    with RunRecorder(task(registry)) as recorder:
        with psycopg.connect(registry) as other:
            other.execute(ROW)
            recorder.record_step("reading", None)
            eventually(lambda: waiting(registry))
            recorder.record_step("reading on", "1/2/3 7:7:")
            recorder.record_step("computing", "1/2/3 7:7:")
        eventually(lambda: value(registry, REPORT, "step") == "computing")
        assert value(registry, REPORT, "data_version") == "1/2/3 7:7:"


def test_the_end_of_a_run_comes_after_its_progress(registry: str) -> None:
    with RunRecorder(task(registry)) as recorder:
        recorder.record_step("writing", "1/2/3 7:7:")
        assert recorder.record_end(fail_run(REPORT, RUN, "It was too hot."))
    columns = ("status", "error", "step", "data_version")
    assert [value(registry, REPORT, column) for column in columns] == ["error", "It was too hot.", None, "1/2/3 7:7:"]
