"""A service whose tables are objects in a bucket: reports, stores, timelines, sharing, and what cannot be read."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from store_uptime.pipeline import build_report, write_sample
from store_uptime.service import testing
from tests.support.buckets import Lake
from tests.support.feeds import POLLS, called, lines, surroundings
from tests.support.postgres import eventually, fresh_database
from tests.support.running import INSIDE, SPARING, complete, trigger

BUCKET = "s3://lake/served"


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("feed")
    write_sample(folder, 10, 9, file_format="parquet")
    return folder


@pytest.fixture(scope="module")
def client(server: str, lake: Lake, feed: Path) -> Iterator[httpx.Client]:
    """A client of a service over the bucket, whose registry is in PostgreSQL."""
    lake.put_folder(feed, "served/feed")
    with fresh_database(server) as registry:
        options = ("--database", f"{BUCKET}/feed", "--registry", registry)
        environment = surroundings(**SPARING, **lake.environment)
        with testing.serving(*options, environment=environment) as service, service.client() as client:
            yield client
            assert lake.environment["AWS_SECRET_ACCESS_KEY"] not in service.log.read_text(encoding="utf-8")


def test_a_report_of_objects_is_that_of_the_folder_and_is_shared(client: httpx.Client, lake: Lake, feed: Path) -> None:
    first = complete(client)
    assert client.get(f"/get_report/{first}").text == build_report(feed).csv().decode()
    assert trigger(client) == first
    lake.put("served/feed/more.csv", lines(POLLS, "new,2026-03-10 12:00:00 UTC,active").encode())
    second = complete(client)
    assert second != first
    assert "\r\nnew," in client.get(f"/get_report/{second}").text


def test_stores_their_week_and_the_page_are_there(client: httpx.Client, feed: Path) -> None:
    report_id = complete(client)
    store = build_report(feed).extended["store_id"][0]
    assert store in client.get("/stores", params={"prefix": store}).text
    assert client.get("/timeline", params={"store_id": store, "report_id": report_id}).json()["store_id"] == store
    assert client.get("/timeline", params={"store_id": store}).json()["store_id"] == store
    assert client.get("/ready").is_success
    assert client.get(f"/view/{report_id}/store", params={"store_id": store}).is_success
    assert client.get("/").is_success


def test_what_a_report_cannot_have_is_said_without_the_address(client: httpx.Client) -> None:
    answer = client.post("/trigger_report", json={"store_id": "never polled"})
    assert answer.status_code == 404
    assert "never polled" in answer.text
    assert not INSIDE.search(answer.text)
    assert "s3:" not in answer.text


def test_a_bucket_that_is_away_makes_the_service_not_ready(server: str, lake: Lake) -> None:
    with fresh_database(server) as registry:
        environment = surroundings(**SPARING, **lake.environment, STORE_UPTIME_TIMING_PROBE_S="0.2")
        options = ("--database", f"{BUCKET}/later", "--registry", registry)
        with testing.started(*options, environment=environment) as service, service.client() as client:
            eventually(lambda: "database" in client.get("/ready").text, 60)
            assert INSIDE.search(client.get("/ready").text) is None
            lake.put("served/later/polls.csv", lines(POLLS).encode())
            eventually(lambda: client.get("/ready").is_success, 60)


def test_reports_are_not_kept_in_a_bucket() -> None:
    done = called("serve", "--database", "postgresql://localhost/x", "--registry", "s3://lake/registry")
    assert done.returncode == 1
    assert b"reports cannot be kept in files" in done.stderr
