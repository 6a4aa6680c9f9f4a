"""What runs tasks: here, and on a Dask cluster of real processes that are killed, stopped and cut off."""

import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from store_uptime.pipeline.errors import ClusterLost, NoWorkers, UnknownStore, WorkerMismatch, WorkersLost
from store_uptime.pipeline.parts.executors import Inline, Task, opened_executor
from tests.support import cluster_tasks
from tests.support.cluster import Dask, Oddity, dask_cluster
from tests.support.feeds import surroundings
from tests.support.postgres import eventually

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def shared() -> Iterator[Dask]:
    """A cluster for all tests that leave its scheduler alive."""
    with dask_cluster() as cluster:
        yield cluster


@pytest.fixture
def cluster(shared: Dask) -> Dask:
    """The same, with two workers that live."""
    return shared.with_workers(2)


def numbered(count: int, *arguments: object, after: tuple[object, ...] = ()) -> list[Task]:
    """Tasks with their number among the arguments."""
    return [Task(number, (*arguments, number, *after), f"part {number} (3.1 M polls)") for number in range(count)]


def expected(count: int) -> list[tuple[int, bytes]]:
    return [(number, str(2 * number).encode()) for number in range(count)]


def runs(folder: Path) -> Counter[int]:
    """How often each number was begun."""
    return Counter(int(path.name.partition(".")[0]) for path in folder.iterdir() if path.name != "go")


# Here -----------------------------------------------------------------------------------------------------------------


def test_tasks_run_here_in_order_and_only_when_they_are_asked_for(tmp_path: Path) -> None:
    with opened_executor("local") as executor:
        assert (executor.dashboard, executor.slots) == (None, 1)
        results = executor.results(cluster_tasks.noted, numbered(3, str(tmp_path), after=(0,)))
        assert next(results) == (0, b"0")
        assert runs(tmp_path) == {0: 1}
        assert list(results) == expected(3)[1:]


def test_an_error_here_is_raised_as_itself() -> None:
    with pytest.raises(UnknownStore, match="store 0"):
        list(Inline().results(cluster_tasks.refusing, numbered(1)))


# On a cluster ---------------------------------------------------------------------------------------------------------


def test_a_cluster_gives_each_result_once(cluster: Dask, tmp_path: Path) -> None:
    with opened_executor(cluster.address) as executor:
        assert executor.slots == 2
        assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/status", executor.dashboard or "")
        assert sorted(executor.results(cluster_tasks.noted, numbered(30, str(tmp_path), after=(0,)))) == expected(30)
        assert runs(tmp_path) == dict.fromkeys(range(30), 1)


def test_a_result_is_there_before_others_are(cluster: Dask, tmp_path: Path) -> None:
    with opened_executor(cluster.address) as executor:
        results = executor.results(cluster_tasks.held_if_odd, numbered(4, str(tmp_path)))
        assert {next(results), next(results)} == {(0, b"0"), (2, b"4")}
        (tmp_path / "go").touch()
        assert sorted(results) == [(1, b"2"), (3, b"6")]


def test_an_error_of_ours_comes_back_with_its_facts_and_is_not_tried_again(cluster: Dask) -> None:
    with opened_executor(cluster.address) as executor, pytest.raises(UnknownStore) as raised:
        list(executor.results(cluster_tasks.refusing, numbered(1)))
    assert (raised.value.store, raised.value.source) == ("store 0", "here")
    assert "Unpicklable" in raised.value.__notes__[0]  # what it came of, as a text


def test_to_use_dask_does_not_change_how_errors_are_pickled(cluster: Dask) -> None:
    with opened_executor(cluster.address):
        pass
    error = UnknownStore("store 0", "here")
    error.__cause__ = cluster_tasks.Unpicklable()
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_who_stops_listening_leaves_nothing_to_be_begun(cluster: Dask, tmp_path: Path) -> None:
    with opened_executor(cluster.address) as executor:
        with closing(executor.results(cluster_tasks.held_if_odd, numbered(40, str(tmp_path)))) as results:
            next(results)
        (tmp_path / "go").touch()
        assert sorted(executor.results(cluster_tasks.doubled, numbered(5))) == expected(5)
        assert runs(tmp_path).keys() <= {0, 1, 2}  # the first, and one for each worker


# Workers that die -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dying", [1, 2])
def test_a_killed_worker_costs_the_task_that_it_had(shared: Dask, tmp_path: Path, dying: int) -> None:
    cluster = shared.with_workers(dying + 1)
    with opened_executor(cluster.address) as executor:
        results = executor.results(cluster_tasks.held_after_six, numbered(24, str(tmp_path)))
        found = [next(results) for _ in range(6)]
        # All of them are in a task: one that is between two would take over that of the first that dies, and cost both.
        eventually(lambda: len(runs(tmp_path)) == 6 + len(cluster.workers), 60)
        for worker in cluster.workers[:dying]:
            worker.kill()
        (tmp_path / "go").touch()
        assert sorted([*found, *results]) == expected(24)
    assert sum(runs(tmp_path).values()) == 24 + dying


def test_a_task_that_kills_its_workers_is_named_and_no_other(shared: Dask, tmp_path: Path) -> None:
    cluster = shared.with_workers(5)
    with opened_executor(cluster.address) as executor, pytest.raises(WorkersLost) as raised:
        list(executor.results(cluster_tasks.deadly, numbered(12, str(tmp_path))))
    assert runs(tmp_path)[3] == 4  # after so many Dask gives up
    assert str(raised.value) == (
        "workers died 4 times over part 3 (3.1 M polls), probably out of memory: "
        "give them more, or lower --part-polls. Their logs may say more."
    )


def test_a_worker_that_wakes_after_its_task_was_done_elsewhere_changes_nothing(cluster: Dask, tmp_path: Path) -> None:
    with opened_executor(cluster.address) as executor:
        results = executor.results(cluster_tasks.held_if_odd, numbered(3, str(tmp_path)))
        assert {next(results), next(results)} == {(0, b"0"), (2, b"4")}
        eventually(lambda: runs(tmp_path)[1])
        (sleeping,) = (worker for worker in cluster.workers if list(tmp_path.glob(f"1.{worker.pid}.*")))
        sleeping.stop()
        (tmp_path / "go").touch()
        assert next(results) == (1, b"2")
        sleeping.go_on()
        assert list(results) == []
        assert sorted(executor.results(cluster_tasks.doubled, numbered(20))) == expected(20)
    assert runs(tmp_path) == {0: 1, 1: 2, 2: 1}


def test_a_lost_scheduler_is_an_error(tmp_path: Path) -> None:
    with dask_cluster(workers=1) as cluster, opened_executor(cluster.address) as executor:
        results = executor.results(cluster_tasks.noted, numbered(100, str(tmp_path), after=(0.02,)))
        next(results)
        cluster.scheduler.kill()
        with pytest.raises(ClusterLost, match=f"lost the cluster at {cluster.address}: "):
            list(results)


def test_a_cluster_without_workers_is_an_error_after_a_while(shared: Dask) -> None:
    cluster = shared.with_workers(0)
    with opened_executor(cluster.address, workers_within_s=0.5) as executor:
        assert executor.slots == 0
        with pytest.raises(NoWorkers, match=f"`store-uptime worker {cluster.address}`"):
            list(executor.results(cluster_tasks.doubled, numbered(1)))


def test_who_waits_for_workers_goes_on_with_the_first(shared: Dask) -> None:
    cluster = shared.with_workers(0)
    with opened_executor(cluster.address) as executor:
        results = executor.results(cluster_tasks.doubled, numbered(3))
        cluster.add_worker()
        assert sorted(results) == expected(3)


# A driver in a process of its own -------------------------------------------------------------------------------------

DRIVER = """
import sys
from store_uptime.pipeline import StoreUptimeError
from store_uptime.pipeline.parts.executors import Task, opened_executor
from tests.support.cluster_tasks import held_if_odd
try:
    with opened_executor(sys.argv[1]) as executor:
        tasks = [Task(number, (sys.argv[2], number), f"part {number}") for number in range(100)]
        for number, result in executor.results(held_if_odd, tasks):
            print(number, flush=True)
except StoreUptimeError as error:
    sys.exit(str(error))
except KeyboardInterrupt:
    sys.exit(130)
"""


@contextmanager
def driver(cluster: Dask, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that has had its first result, and waits for others."""
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, cluster.address, folder],
        cwd=ROOT,
        env=surroundings(DASK_CONFIG=os.devnull),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "0\n"
        yield process


def test_ctrl_c_ends_a_driver_soon_and_what_has_not_begun_never_does(cluster: Dask, tmp_path: Path) -> None:
    with driver(cluster, tmp_path) as process:
        eventually(lambda: {1, 3} <= runs(tmp_path).keys())
        process.send_signal(signal.SIGINT)
        since = time.monotonic()
        _, said = process.communicate(timeout=30)
        assert (process.returncode, said) == (130, "")
        assert time.monotonic() - since < 10  # a second where nothing else runs
    begun = runs(tmp_path)
    (tmp_path / "go").touch()
    with opened_executor(cluster.address) as executor:
        assert sorted(executor.results(cluster_tasks.doubled, numbered(5))) == expected(5)
    assert runs(tmp_path) == begun


def test_a_driver_whose_scheduler_is_killed_says_one_sentence(tmp_path: Path) -> None:
    with dask_cluster(workers=1) as cluster, driver(cluster, tmp_path) as process:
        cluster.scheduler.kill()
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1
        assert re.fullmatch(rf"lost the cluster at {cluster.address}: [^\n]*\n", said)


# Workers that are not like us -----------------------------------------------------------------------------------------


def earlier_version(folder: Path, without: tuple[str, ...] = ()) -> Oddity:
    """A worker with another store-uptime."""
    information = folder / "store_uptime-0.0.9.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: store-uptime\nVersion: 0.0.9\n", "utf-8")
    return Oddity((str(folder),), without)


def test_a_worker_with_another_version_is_named_at_once(shared: Dask, tmp_path: Path) -> None:
    with shared.only(earlier_version(tmp_path)) as worker:
        with pytest.raises(WorkerMismatch) as raised, opened_executor(shared.address):
            pass
        assert re.match(rf"store-uptime \S+ here, 0\.0\.9 on {worker.address}\. ", str(raised.value))


@pytest.mark.parametrize("without", [(), ("store_uptime",)], ids=["it compares", "it cannot even compare"])
def test_a_worker_with_another_version_that_joins_later_computes_nothing(
    shared: Dask, tmp_path: Path, without: tuple[str, ...]
) -> None:
    shared.with_workers(0)
    with opened_executor(shared.address) as executor, shared.only(earlier_version(tmp_path, without)) as worker:
        results = executor.results(cluster_tasks.doubled, numbered(1))
        with pytest.raises(WorkerMismatch, match=re.escape(f"0.0.9 on {worker.address}")):
            next(results)


def test_a_worker_without_a_module_is_named(shared: Dask) -> None:
    with shared.only(Oddity(without=("tests",))) as worker, opened_executor(shared.address) as executor:
        results = executor.results(cluster_tasks.doubled, numbered(1))
        with pytest.raises(WorkerMismatch, match=rf"the module tests\S* here, missing on {worker.address}"):
            next(results)
