"""Faults of libraries that this program works around: a test fails once its workaround can go."""

import signal
import subprocess
import sys
from pathlib import Path
from time import sleep

import duckdb
import polars as pl
import psutil
import pytest

from store_uptime.pipeline.source.postgres.pulls import by_connectorx
from tests.pipeline.source.test_damaged import LEVELS_AT, zones_as_parquet

WAITS = "import polars, sys; print(flush=True); sys.stdin.read()"


def test_polars_panics_at_an_interval_that_nobody_needs(tmp_path: Path) -> None:
    """See `footer.is_odd`."""
    file = tmp_path / "x.parquet"
    duckdb.sql(f"copy (select 1 as a, interval 1 day as b) to '{file}' (format parquet)")
    with pytest.raises(pl.exceptions.PanicException):
        pl.scan_parquet(file).select("a").collect()


def test_batches_of_polars_end_without_an_error_where_a_thread_panics(tmp_path: Path) -> None:
    """See `judged_rows.in_batches`."""
    file = tmp_path / "x.parquet"
    file.write_bytes(zones_as_parquet(LEVELS_AT))
    with pytest.raises(pl.exceptions.PanicException):
        pl.scan_parquet(file).collect()
    assert list(pl.scan_parquet(file).collect_batches()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
def test_polars_keeps_ctrl_c_from_ending_a_wait() -> None:
    """See `Session.wait`."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", WAITS], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        sleep(0.3)  # until it waits: before that Python itself raises KeyboardInterrupt
        process.send_signal(signal.SIGINT)
        sleep(0.5)
        is_waiting = process.poll() is None
        process.kill()
    assert is_waiting


def test_a_pull_of_connectorx_leaves_threads_behind(database: str) -> None:
    """See `pulls.by_connectorx`."""
    pull = (database, [], "select 'a' as a")
    by_connectorx(*pull)
    # Not their number: those of other libraries may end meanwhile.
    before = {thread.id for thread in psutil.Process().threads()}
    by_connectorx(*pull)
    assert {thread.id for thread in psutil.Process().threads()} - before
