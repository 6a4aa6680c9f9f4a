"""A report on a real cluster is that of one process, byte for byte, whatever happens to the cluster meanwhile."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from store_uptime.pipeline import Cluster, Report, build_report
from store_uptime.pipeline.errors import ClusterLost
from store_uptime.pipeline.steps import Step
from tests.support.buckets import Lake, reached
from tests.support.cluster import Dask, Oddity, dask_cluster
from tests.support.cluster_fates import KILLED, STOPPED, Fate
from tests.support.cluster_reports import (
    HALFWAY,
    OPTIONS,
    PART_POLLS,
    Run,
    assert_same,
    attempts,
    files_in,
    kept,
    written_feed,
)
from tests.support.feeds import COMMAND, surroundings
from tests.support.postgres import eventually
from tests.support.worlds import EVERY_TEXT_AT

pytest.importorskip("distributed", reason="there is no Dask: it comes with store-uptime[cluster]")
pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A feed with every reason for which a row is rejected."""
    return written_feed(tmp_path_factory.mktemp("feed") / "feed")


@pytest.fixture(scope="module")
def expected(feed: Path) -> Report:
    """The report of one process."""
    return build_report(feed, OPTIONS)


@pytest.fixture(scope="module")
def shared() -> Iterator[Dask]:
    """A cluster for all tests that leave its scheduler alive."""
    with dask_cluster() as cluster:
        yield cluster


@pytest.fixture
def exchange(tmp_path: Path) -> Path:
    """A folder for what lies between the passes."""
    return tmp_path / "exchange"


def on(cluster: Dask, exchange: Path) -> Cluster:
    return Cluster(cluster.address, exchange=str(exchange), part_polls=PART_POLLS)


HERE = Cluster(part_polls=PART_POLLS)
FUNCTIONS = {Step.READING: "spread", Step.COMPUTING: "part"}


@contextmanager
def after(holds: Callable[[], bool], do: Callable[[], object]) -> Iterator[None]:
    """Beside the block something is done once something holds."""

    def wait() -> None:
        eventually(holds, 60)
        do()

    waiting = Thread(target=wait)
    waiting.start()
    yield
    waiting.join()


# Nothing happens ------------------------------------------------------------------------------------------------------


def test_two_workers_give_every_figure_and_every_rejected_row(
    shared: Dask, feed: Path, expected: Report, exchange: Path
) -> None:
    run = Run(on(shared.with_workers(2), exchange))
    assert_same(run.report(feed), expected)
    assert len(run.attempts[Step.READING]) >= 10
    assert len(run.attempts[Step.COMPUTING]) >= 5
    assert (run.redone(Step.READING), run.redone(Step.COMPUTING)) == (0, 0)
    assert list(exchange.iterdir()) == []


ODD = "a b#c?d%20e+f&g=h/日本 ü%"


def test_source_and_exchange_may_be_in_a_bucket_under_any_key(
    shared: Dask, feed: Path, expected: Report, lake: Lake
) -> None:
    source = lake.put_folder(feed, f"cluster/{ODD}/feed")
    exchange = f"s3://lake/cluster/{ODD}/exchange"
    with shared.only(Oddity(variables=lake.environment)), reached(lake):
        one = build_report(source, OPTIONS)
        assert one.csv() == expected.csv()
        assert_same(build_report(source, OPTIONS, cluster=Cluster(shared.address, None, exchange, PART_POLLS)), one)
    assert lake.keys(f"cluster/{ODD}/exchange") == []


# Workers die, or are silent -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", FUNCTIONS)
def test_a_worker_that_is_killed_costs_the_task_that_it_had(
    shared: Dask, feed: Path, expected: Report, exchange: Path, step: Step
) -> None:
    cluster = shared.with_workers(1)
    dying = cluster.add_worker(Oddity(fate=Fate(KILLED, FUNCTIONS[step], 2)))
    run = Run(on(cluster, exchange))
    assert_same(run.report(feed), expected)
    assert not dying.process.is_alive()
    assert {each: run.redone(each) for each in FUNCTIONS} == {each: int(each == step) for each in FUNCTIONS}


def test_all_workers_are_killed_one_after_the_other_and_a_new_one_goes_on(
    shared: Dask, feed: Path, expected: Report, exchange: Path
) -> None:
    cluster = shared.with_workers(0)
    for function in FUNCTIONS.values():
        cluster.add_worker(Oddity(fate=Fate(KILLED, function, 2)))
    run = Run(on(cluster, exchange))
    with after(lambda: not any(worker.process.is_alive() for worker in cluster.workers), cluster.add_worker):
        assert_same(run.report(feed), expected)
    assert [run.redone(step) for step in FUNCTIONS] == [1, 1]


@pytest.mark.parametrize("step", FUNCTIONS)
def test_a_worker_that_wakes_after_its_task_was_done_elsewhere_changes_nothing(
    shared: Dask, feed: Path, expected: Report, exchange: Path, step: Step
) -> None:
    cluster = shared.with_workers(1)
    sleeping = cluster.add_worker(Oddity(fate=Fate(STOPPED, FUNCTIONS[step], 2)))
    run = Run(on(cluster, exchange), {(Step.COMPUTING, 0 if step == Step.READING else 100): sleeping.go_on})
    assert_same(run.report(feed), expected)
    assert run.redone(step) == 1
    assert files_in(exchange) == []


def test_a_worker_that_wakes_after_the_run_is_over_leaves_nothing(
    shared: Dask, feed: Path, expected: Report, exchange: Path
) -> None:
    cluster = shared.with_workers(1)
    sleeping = cluster.add_worker(Oddity(fate=Fate(STOPPED, "spread", 2, is_early=True)))
    assert_same(Run(on(cluster, exchange)).report(feed), expected)
    sleeping.go_on()
    eventually(lambda: not sleeping.process.is_alive(), 60)  # it finds that it was given up
    assert files_in(exchange) == []


# The scheduler, or the driver, dies -----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", FUNCTIONS)
def test_the_same_report_goes_on_after_its_scheduler_was_lost(
    shared: Dask, feed: Path, expected: Report, exchange: Path, step: Step
) -> None:
    with dask_cluster(workers=1) as mortal, pytest.raises(ClusterLost):
        Run(on(mortal, exchange), {(step, HALFWAY): mortal.scheduler.kill}).report(feed)
    assert_goes_on(shared.with_workers(2), exchange, feed, expected, step)


def assert_goes_on(cluster: Dask, exchange: Path, feed: Path, expected: Report, step: Step) -> None:
    """A run that was ended in a step does again what nobody had a result of, and nothing else."""
    had = kept(exchange, step)
    begun = attempts(exchange, step)
    assert 0 < had <= len(begun)
    run = Run(on(cluster, exchange))
    assert_same(run.report(feed), expected)
    assert run.redone(step) <= begun.total() - had
    assert step == Step.READING or run.redone(Step.READING) == 0
    assert files_in(exchange) == []


@contextmanager
def driver(feed: Path, *options: str | Path) -> Iterator["subprocess.Popen[str]"]:
    """The command for the block, which has been killed after it if it still lives."""
    words = ["report", feed, "--now", EVERY_TEXT_AT.isoformat(), "--part-polls", str(PART_POLLS), *options]
    with subprocess.Popen(
        [COMMAND, *words],
        env=surroundings(DASK_CONFIG=os.devnull),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def driver_in(step: Step, cluster: Dask, feed: Path, exchange: Path) -> Iterator["subprocess.Popen[str]"]:
    """The command, which is in the middle of a step and goes no further: its only worker has stopped."""
    worker = cluster.with_workers(0).add_worker(Oddity(fate=Fate(STOPPED, FUNCTIONS[step], 4)))
    with driver(feed, "--cluster", cluster.address, "--exchange", exchange) as process:
        eventually(lambda: kept(exchange, step) == 3 or process.poll() is not None, 60)
        assert process.poll() is None, process.stderr and process.stderr.read()
        yield process
    worker.kill()


@pytest.mark.parametrize("step", FUNCTIONS)
def test_a_driver_that_was_killed_goes_on_when_it_is_started_again(
    shared: Dask, feed: Path, expected: Report, exchange: Path, step: Step
) -> None:
    with driver_in(step, shared, feed, exchange) as process:
        process.kill()
        process.wait()
    assert_goes_on(shared.with_workers(2), exchange, feed, expected, step)


def test_ctrl_c_ends_a_driver_soon_with_one_line(shared: Dask, feed: Path, exchange: Path, tmp_path: Path) -> None:
    with driver_in(Step.READING, shared, feed, exchange) as process:
        process.send_signal(signal.SIGINT)
        since = time.monotonic()
        out, said = process.communicate(timeout=60)
        assert (process.returncode, out, said) == (130, "", "store-uptime: interrupted\n")
        assert time.monotonic() - since < 10  # 1.2 s where nothing else runs
    assert not list(exchange.glob("run-*/drivers/*"))  # so that the next start, on another machine too, goes on at once


def test_a_driver_here_that_was_killed_goes_on(feed: Path, expected: Report, exchange: Path) -> None:
    here = replace(HERE, exchange=str(exchange))
    for step in FUNCTIONS:
        assert_killed_here(feed, here, step)
        assert kept(exchange, step) > 0
    run = Run(here)
    assert_same(run.report(feed), expected)
    assert [run.redone(step) for step in FUNCTIONS] == [0, 0]
    assert files_in(exchange) == []


SUICIDE = """
import os, signal, sys
from pathlib import Path
from store_uptime.pipeline import Cluster
from store_uptime.pipeline.steps import Step
from tests.support.cluster_reports import HALFWAY, PART_POLLS, Run
feed, exchange, step = sys.argv[1:]
end = {(Step(step), HALFWAY): lambda: os.kill(os.getpid(), signal.SIGKILL)}
Run(Cluster(exchange=exchange, part_polls=PART_POLLS), end).report(Path(feed))
"""


def assert_killed_here(feed: Path, here: Cluster, step: Step) -> None:
    """A driver that does all tasks itself is killed halfway through a step."""
    words = [sys.executable, "-c", SUICIDE, feed, str(here.exchange), step]
    ended = subprocess.run(words, cwd=ROOT, env=surroundings(), check=False)
    assert ended.returncode == -signal.SIGKILL


# Two drivers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", FUNCTIONS)
def test_a_driver_that_begins_and_ends_beside_another_one_takes_nothing_from_it(
    feed: Path, expected: Report, exchange: Path, step: Step
) -> None:
    here = replace(HERE, exchange=str(exchange))
    found: list[Report] = []
    run = Run(here, {(step, HALFWAY): lambda: found.append(Run(here).report(feed))})
    assert_same(run.report(feed), expected)
    assert_same(found[0], expected)
    assert files_in(exchange) == []


@pytest.mark.nightly
def test_two_drivers_that_begin_at_once_are_both_right(
    shared: Dask, feed: Path, expected: Report, exchange: Path
) -> None:
    cluster = shared.with_workers(2)
    for _ in range(10):
        with (
            driver(feed, "--cluster", cluster.address, "--exchange", exchange) as one,
            driver(feed, "--cluster", cluster.address, "--exchange", exchange) as other,
        ):
            said = [process.communicate(timeout=120) for process in (one, other)]
        assert [out for out, _ in said] == [expected.csv().decode()] * 2, said
        assert files_in(exchange) == []
