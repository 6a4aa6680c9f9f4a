"""Large reports of a service on a Dask cluster: the same as without, whoever is killed, and what is said where it is
away."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from store_uptime.pipeline import Options, build_report, write_sample
from store_uptime.service.testing import Service
from tests.support.cluster import Dask, dask_cluster
from tests.support.postgres import eventually, fresh_database
from tests.support.running import BRISK, finished, log_lines, running, trigger
from tests.support.runs import new_report, status, the_busy_worker

Client = pytest.importorskip("distributed", reason="there is no Dask: it comes with store-uptime[cluster]").Client
pytestmark = pytest.mark.long  # a server and a cluster of its own


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("feed")
    write_sample(folder / "feed", 20, 9, file_format="parquet")
    return folder / "feed"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Dask]:
    with dask_cluster(1) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exchange")


@pytest.fixture(scope="module")
def registry(server: str) -> Iterator[str]:
    with fresh_database(server) as registry:
        yield registry


@pytest.fixture(scope="module")
def service(cluster: Dask, feed: Path, exchange: Path, registry: str) -> Iterator[Service]:
    at = ("--cluster", cluster.address, "--exchange", str(exchange))
    large = ("--large-polls", "1000", "--part-polls", "1500")
    with running(str(feed), "--registry", registry, *at, *large, **BRISK) as service:
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


@pytest.fixture(scope="module")
def looking(cluster: Dask) -> Iterator[Client]:
    """A client of the cluster that only looks."""
    with Client(cluster.address, set_as_default=False) as looking:
        yield looking


def is_with_cluster(client: httpx.Client, report_id: str) -> bool:
    """Whether tasks of a report are with the cluster: its progress says of how many it is."""
    return "tasks: " in status(client, report_id)["progress"]["step"]


def known_tasks(looking: Client) -> int:
    """How many tasks the scheduler knows."""
    count: Callable[[Any], int] = lambda dask_scheduler: len(dask_scheduler.tasks)  # noqa: E731 - Dask goes by the name
    return looking.run_on_scheduler(count)


@pytest.mark.nightly  # in CI, tests/pipeline/parts has it without a service
def test_a_worker_that_is_killed_costs_the_report_nothing_and_it_is_that_of_one_process(
    client: httpx.Client, service: Service, cluster: Dask, registry: str, feed: Path, exchange: Path
) -> None:
    cluster.with_workers(0)
    report_id = trigger(client, lookback="48h")
    eventually(lambda: is_with_cluster(client, report_id), 30)
    progress = status(client, report_id)["progress"]
    assert progress["stage"] == "reading"
    assert progress["step"].endswith("(percent: 0, tasks: 4)")  # and no address of a dashboard
    (run,) = exchange.glob("run-*")
    the_busy_worker(registry).kill()
    eventually(lambda: log_lines(service, event="a worker was lost, another goes on with its report") != [], 30)
    cluster.with_workers(1)
    assert finished(client, report_id)["status"] == "Complete"
    assert client.get(f"/get_report/{report_id}").content == build_report(feed, Options(lookback="48h")).csv()
    assert not run.exists()  # the second one went on with what the first had left, and then removed it


def test_a_run_that_is_cancelled_leaves_nothing_with_the_cluster(
    client: httpx.Client, cluster: Dask, looking: Client
) -> None:
    (worker,) = cluster.with_workers(1).workers
    before = looking.submit(time.sleep, 600)  # its one thread is busy with this
    eventually(lambda: known_tasks(looking) == 1)
    report_id = new_report(client)
    eventually(lambda: known_tasks(looking) == 2, 30)
    assert client.delete(f"/reports/{report_id}").status_code == 204
    eventually(lambda: known_tasks(looking) == 1)
    assert status(client, report_id)["error"] == "It was cancelled."
    before.release()
    worker.kill()


def test_a_cluster_that_is_away_is_said_without_its_address_and_small_reports_need_none(
    client: httpx.Client, cluster: Dask, service: Service, feed: Path
) -> None:
    cluster.scheduler.kill()
    report_id = new_report(client)
    sentence = "The cluster that makes large reports does not answer; the server's log says why."
    assert finished(client, report_id)["error"] == sentence
    eventually(lambda: log_lines(service, event="run ends", report=report_id[:8]))  # soon after its error
    (line,) = log_lines(service, event="run ends", report=report_id[:8])
    assert line["error"].startswith(f"cannot reach the cluster at {cluster.address}")
    store = build_report(feed).table()["store_id"][0]
    assert finished(client, trigger(client, store_id=store))["status"] == "Complete"
