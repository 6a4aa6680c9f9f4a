"""A report on a real cluster is that of one process, byte for byte, whatever happens to the cluster meanwhile."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import NamedTuple
from unittest import mock

import polars as pl
import pytest

from store_uptime.pipeline import Cluster, Report, build_report
from store_uptime.pipeline.errors import (
    CannotWrite,
    ClusterLost,
    ExchangeNotShared,
    SourceBusy,
    SourceMismatch,
    SourceRefused,
    StoreUptimeError,
    WorkerMismatch,
)
from store_uptime.pipeline.parts.cluster_tls import Tls
from store_uptime.pipeline.steps import Step
from tests.pipeline.parts.test_executors import earlier_version
from tests.service.cli.test_worker_command import worker as worker_command
from tests.support.buckets import Lake, reached
from tests.support.cluster import KILLED, STOPPED, Dask, Fate, Oddity, dask_cluster
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


@pytest.mark.nightly
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


@pytest.mark.nightly  # in CI, the same on processes
@pytest.mark.parametrize("step", [Step.READING, Step.COMPUTING])
def test_a_worker_that_wakes_after_its_task_was_done_elsewhere_changes_nothing(
    shared: Dask, feed: Path, expected: Report, exchange: Path, step: Step
) -> None:
    cluster = shared.with_workers(1)
    sleeping = cluster.add_worker(Oddity(fate=Fate(STOPPED, FUNCTIONS[step], 2)))
    run = Run(on(cluster, exchange), {(Step.COMPUTING, 0 if step == Step.READING else 100): sleeping.go_on})
    assert_same(run.report(feed), expected)
    assert run.redone(step) == 1
    assert files_in(exchange) == []


@pytest.mark.nightly
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


@pytest.mark.parametrize("step", [Step.READING, pytest.param(Step.COMPUTING, marks=pytest.mark.nightly)])
def test_the_same_report_goes_on_after_its_scheduler_was_lost(
    shared: Dask, feed: Path, expected: Report, exchange: Path, step: Step
) -> None:
    with dask_cluster(workers=1) as mortal, pytest.raises(ClusterLost):
        Run(on(mortal, exchange), {(step, HALFWAY): mortal.scheduler.kill}).report(feed)
    assert_goes_on(shared.with_workers(1), exchange, feed, expected, step)


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


def options_of(cluster: Cluster) -> list[str]:
    """How the command is told of a cluster."""
    assert cluster.exchange
    return [f"--cluster={cluster.address}", f"--exchange={cluster.exchange}", f"--part-polls={cluster.part_polls}"]


@contextmanager
def driver(feed: Path, *options: str | Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The command for the block, which has been killed after it if it still lives."""
    words = ["report", feed, "--now", EVERY_TEXT_AT.isoformat(), *options]
    with subprocess.Popen(
        [COMMAND, *words],
        env=surroundings(DASK_CONFIG=os.devnull),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def driver_in(step: Step, cluster: Dask, feed: Path, exchange: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The command, which is in the middle of a step and goes no further: its only worker has stopped."""
    worker = cluster.with_workers(0).add_worker(Oddity(fate=Fate(STOPPED, FUNCTIONS[step], 4)))
    with driver(feed, *options_of(on(cluster, exchange))) as process:
        eventually(lambda: kept(exchange, step) == 3 or process.poll() is not None, 60)
        assert process.poll() is None, process.stderr and process.stderr.read()
        yield process
    worker.kill()


@pytest.mark.parametrize("step", [Step.COMPUTING, pytest.param(Step.READING, marks=pytest.mark.nightly)])
def test_a_driver_that_was_killed_goes_on_when_it_is_started_again(
    shared: Dask, feed: Path, expected: Report, exchange: Path, step: Step
) -> None:
    with driver_in(step, shared, feed, exchange) as process:
        process.kill()
        process.wait()
    assert_goes_on(shared.with_workers(1), exchange, feed, expected, step)


def test_ctrl_c_ends_a_driver_soon_with_one_line(shared: Dask, feed: Path, exchange: Path, tmp_path: Path) -> None:
    with driver_in(Step.READING, shared, feed, exchange) as process:
        process.send_signal(signal.SIGINT)
        since = time.monotonic()
        out, said = process.communicate(timeout=60)
        assert (process.returncode, out, said) == (130, b"", b"store-uptime: interrupted\n")
        assert time.monotonic() - since < 10  # 1.2 s where nothing else runs
    assert not list(exchange.glob("run-*/drivers/*"))  # so that the next start, on another machine too, goes on at once


def test_a_driver_here_that_was_killed_goes_on(feed: Path, expected: Report, exchange: Path) -> None:
    here = replace(HERE, exchange=str(exchange))
    assert_killed_here(feed, here, Step.COMPUTING)
    assert kept(exchange, Step.COMPUTING) > 0
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


@pytest.mark.parametrize("step", [Step.READING, pytest.param(Step.COMPUTING, marks=pytest.mark.nightly)])
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
            driver(feed, *options_of(on(cluster, exchange))) as one,
            driver(feed, *options_of(on(cluster, exchange))) as other,
        ):
            said = [process.communicate(timeout=120) for process in (one, other)]
        assert [out for out, _ in said] == [expected.csv()] * 2, said
        assert files_in(exchange) == []


# Exchanges ------------------------------------------------------------------------------------------------------------


def refused(feed: Path | str, exchange: Path | str) -> str:
    """What is said where a report cannot leave anything in an exchange."""
    with pytest.raises(CannotWrite) as raised:
        build_report(feed, OPTIONS, cluster=replace(HERE, exchange=str(exchange)))
    return str(raised.value)


def test_an_exchange_below_a_file_is_named(feed: Path) -> None:
    exchange = feed / "polls-0.csv" / "exchange"
    assert refused(feed, exchange).startswith(f"cannot write {exchange}: Not a directory. ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_exchange_that_may_not_be_written_is_named(feed: Path, exchange: Path) -> None:
    exchange.mkdir(mode=0o500)
    assert refused(feed, exchange).startswith(f"cannot write {exchange}: Permission denied. ")


def test_a_bucket_that_refuses_is_named(feed: Path, lake: Lake) -> None:
    stranger = lake.environment | {"AWS_SECRET_ACCESS_KEY": "another one"}
    with mock.patch.dict(os.environ, stranger):
        said = refused(feed, "s3://lake/refused")
    assert said.startswith(
        "cannot write s3://lake/refused: access is denied (SignatureDoesNotMatch). Set AWS_ACCESS_KEY_ID"
    )


@pytest.mark.nightly
def test_a_worker_that_a_bucket_refuses_is_an_error(shared: Dask, feed: Path, lake: Lake) -> None:
    stranger = lake.environment | {"AWS_SECRET_ACCESS_KEY": "another one"}
    cluster = Cluster(shared.address, None, "s3://lake/stranger", PART_POLLS)
    with (
        shared.only(Oddity(variables=stranger)),
        reached(lake),
        pytest.raises(SourceRefused, match="access is denied"),
    ):
        build_report(feed, OPTIONS, cluster=cluster)


def test_an_exchange_that_is_full_has_room_for_the_rest_later(feed: Path, expected: Report, small_disk: Path) -> None:
    here = replace(HERE, exchange=str(small_disk))
    assert refused(feed, small_disk).startswith(f"cannot write {small_disk}: No space left on device. ")
    had = kept(small_disk, Step.READING)
    assert had > 0
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    run = Run(here)
    assert_same(run.report(feed), expected)
    assert run.redone(Step.READING) <= 1
    assert files_in(small_disk) == []


@pytest.fixture
def small_disk(exchange: Path) -> Iterator[Path]:
    """The exchange on a disk that has no room for all of it."""
    exchange.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(exchange)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield exchange
    finally:
        subprocess.run(["umount", exchange], check=True)


def test_an_exchange_that_is_emptied_meanwhile_is_an_error(feed: Path, exchange: Path) -> None:
    run = Run(replace(HERE, exchange=str(exchange)), {(Step.READING, HALFWAY): lambda: shutil.rmtree(exchange)})
    with pytest.raises(ExchangeNotShared, match=f"does not find in {exchange} what this run has put there: "):
        run.report(feed)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no path is another one in another process here")
def test_a_worker_with_another_folder_under_the_same_path_is_an_error(shared: Dask, feed: Path, exchange: Path) -> None:
    exchange.mkdir()
    opened = os.open(exchange, os.O_RDONLY)
    try:
        own = f"/proc/self/fd/{opened}"
        with pytest.raises(ExchangeNotShared, match=f"does not find in {own} what this run has put there: "):
            build_report(feed, OPTIONS, cluster=Cluster(shared.with_workers(1).address, None, own, PART_POLLS))
    finally:
        os.close(opened)


# Sources that change --------------------------------------------------------------------------------------------------


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def replaced(path: Path) -> None:
    other = path.with_suffix(".other")
    pl.read_parquet(path).head(3).write_parquet(other)
    other.replace(path)


class Change(NamedTuple):
    """What happens to a file of the feed once so many percent of pass 1 are done, and what is said of it."""

    file: str
    change: Callable[[Path], None]
    percent: int
    cause: type[StoreUptimeError]
    words: str


CHANGES = {
    "cut off": Change("polls-7.parquet", cut_off, 0, SourceMismatch, "it cannot be read to its end"),
    "text deleted": Change("polls-6.csv", Path.unlink, 0, SourceBusy, "it was deleted while it was being read"),
    "Parquet deleted": Change("zones-1.parquet", Path.unlink, 0, SourceBusy, "it was deleted while it was being read"),
    "replaced": Change("polls-7.parquet", replaced, 0, SourceBusy, "it was replaced while it was being read"),
    "replaced too late": Change("polls-1.parquet", replaced, 90, SourceBusy, "it was replaced while it was being read"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_changes_while_it_is_read_is_named(
    feed: Path, exchange: Path, tmp_path: Path, change: Change
) -> None:
    own = Path(shutil.copytree(feed, tmp_path / "own"))
    file = own / change.file
    run = Run(replace(HERE, exchange=str(exchange)), {(Step.READING, change.percent): lambda: change.change(file)})
    with pytest.raises(change.cause) as raised:
        run.report(own)
    assert str(raised.value).startswith(str(file))
    assert change.words in str(raised.value)
    assert files_in(exchange) == []


def test_an_object_that_is_replaced_while_it_is_read_is_named(feed: Path, lake: Lake) -> None:
    source = lake.put_folder(feed, "replaced")
    other = (feed / "polls-4.parquet").read_bytes()
    run = Run(HERE, {(Step.READING, 0): lambda: lake.put("replaced/polls-1.parquet", other)})
    with reached(lake), pytest.raises(SourceBusy, match=r"replaced/polls-1\.parquet cannot be read just now: "):
        run.report(source)


# Workers that are not as they should be -------------------------------------------------------------------------------


def test_a_worker_with_another_version_is_named_and_the_right_one_goes_on(
    shared: Dask, feed: Path, expected: Report, exchange: Path, tmp_path: Path
) -> None:
    with shared.only(earlier_version(tmp_path)), pytest.raises(WorkerMismatch, match=r"0\.0\.9 on "):
        build_report(feed, OPTIONS, cluster=on(shared, exchange))
    assert_same(Run(on(shared.with_workers(1), exchange)).report(feed), expected)
    assert files_in(exchange) == []


@pytest.mark.nightly
def test_tls(feed: Path, expected: Report, exchange: Path, certificates: Path) -> None:
    ours = Tls(certificates / "ca.crt", certificates / "server.crt", certificates / "server.key")
    named = ("--cluster-ca", ours.ca, "--cluster-cert", ours.cert, "--cluster-key", ours.key)
    files = ("--tls-ca-file", str(ours.ca), "--tls-cert", str(ours.cert), "--tls-key", str(ours.key))
    with (
        dask_cluster(workers=1, options=files) as guarded,
        driver(feed, *options_of(on(guarded, exchange)), *named) as process,
    ):
        out, said = process.communicate(timeout=120)
        assert out == expected.csv(), said
        again = replace(on(guarded, exchange), tls=ours)
        assert_same(build_report(feed, OPTIONS, cluster=again), expected)


@pytest.mark.nightly
def test_workers_without_enough_memory_are_told_of_and_the_rest_goes_on_with_more(
    feed: Path, expected: Report, exchange: Path, tmp_path: Path
) -> None:
    with dask_cluster() as cluster:
        with (
            worker_command(cluster.address, "--memory", "100MiB", folder=tmp_path),
            driver(feed, *options_of(on(cluster, exchange))) as process,
        ):
            out, said = process.communicate(timeout=300)
        assert (process.returncode, out) == (1, b"")
        assert re.match(rb"store-uptime: workers died 4 times over [^\n]+, probably out of memory: [^\n]+\n$", said)
        cluster.add_worker()
        assert_same(Run(on(cluster, exchange)).report(feed), expected)


@pytest.mark.nightly
@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_the_command_writes_what_it_writes_without_a_cluster(
    shared: Dask, feed: Path, exchange: Path, tmp_path: Path, form: str
) -> None:
    cluster = shared.with_workers(2)
    for name, chosen in (("one", ()), ("cluster", options_of(on(cluster, exchange)))):
        files = ("--format", form, "--out", tmp_path / f"{name}.{form}", "--rejects", tmp_path / name)
        with driver(feed, *chosen, *files) as process:
            _, said = process.communicate(timeout=120)
            assert process.returncode == 0, said
    one, other = tmp_path / "one", tmp_path / "cluster"
    assert one.with_suffix(f".{form}").read_bytes() == other.with_suffix(f".{form}").read_bytes()
    assert {path.name: path.read_bytes() for path in one.iterdir()} == {
        path.name: path.read_bytes() for path in other.iterdir()
    }
