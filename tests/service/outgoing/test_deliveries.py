"""What goes out of a report: files to a folder and to a real bucket, announcements to a receiver that has bad days."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.store import S3Store
from standardwebhooks.webhooks import Webhook

from store_uptime.service.errors import NotDelivered
from store_uptime.service.outgoing.destinations import destinations
from store_uptime.service.outgoing.dispatcher import AT_ONCE
from tests.support.feeds import called
from tests.support.postgres import eventually
from tests.support.receivers import ACCESS, Receiver, bucket
from tests.support.running import bearer, complete, finished, held_up, in_a_loop, new_key, problem, running
from tests.support.timetable import HOUR, MINUTE, NOON, Ruled, as_new, ruled_service, set_clock

pytestmark = pytest.mark.long  # servers of their own, many times

DUE = NOON + HOUR
DELIVERED = 'store_uptime_deliveries_total{kind="file",outcome="delivered"}'
GIVEN_UP = 'store_uptime_deliveries_total{kind="webhook",outcome="given up"}'
SECOND = timedelta(seconds=1)
LOCAL = ("--webhook-network", "127.0.0.0/8")
WAITS = [5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().listening() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deliveries") / "archive"


@pytest.fixture(scope="module")
def stuck(archive: Path) -> Path:
    """A folder that a second destination stands for."""
    return archive.parent / "stuck"


@pytest.fixture(scope="module")
def shared(server: str, polled: str, archive: Path, stuck: Path) -> Iterator[Ruled]:
    places = ("--destination", f"archive={archive}", "--destination", f"stuck={stuck}")
    with ruled_service(server, polled, *places, *LOCAL) as ruled:
        yield ruled


@pytest.fixture
def folder(archive: Path) -> Path:
    """The destination, empty."""
    if archive.is_file():
        archive.unlink()
    else:
        shutil.rmtree(archive)
    archive.mkdir()
    return archive


@pytest.fixture
def ruled(shared: Ruled, folder: Path) -> Ruled:
    return as_new(shared)


def deliveries(ruled: Ruled, report_id: str) -> list[dict[str, Any]]:
    """What the API says of what goes out of a report."""
    return ruled.client.get(f"/reports/{report_id}").json().get("deliveries", [])


def settled(ruled: Ruled, report_id: str, number: int = 1) -> list[dict[str, Any]]:
    """The same, once none of them is waiting."""

    def is_settled() -> bool:
        found = deliveries(ruled, report_id)
        return len(found) == number and all(each["status"] != "waiting" for each in found)

    eventually(is_settled, 30)
    return deliveries(ruled, report_id)


def due(ruled: Ruled, **wanted: object) -> str:
    """The id of the complete report of a schedule."""
    ruled.add("hourly", **wanted)
    set_clock(ruled.registry, DUE)
    status = ruled.only_report("hourly")
    assert status["status"] == "Complete"
    return status["report_id"]


def tried(ruled: Ruled, report_id: str, tries: int) -> dict[str, Any]:
    """The one delivery of a report, once so many tries of it have failed and nobody is at it."""
    failed = (
        f"select tries from store_uptime.delivery where report_id = '{report_id}' "
        "and status = 'waiting' and error is not null and lease_until is null"
    )
    eventually(lambda: ruled.ask(failed) == [(tries,)], 30)
    (found,) = deliveries(ruled, report_id)
    return found


def metric(ruled: Ruled, name: str) -> float:
    """The value of a metric, with its labels."""
    found = re.search(rf"^{re.escape(name)} (.*)$", ruled.client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0


# Files ----------------------------------------------------------------------------------------------------------------


REPORTS = (b'{"provenance": {"now": "early"}}', b'{"provenance": {"now": "late"}}', b"age-encryption.org/v1\nx", b"")


def test_a_file_in_a_folder_takes_the_place_of_an_earlier_delivery_and_of_nothing_else(tmp_path: Path) -> None:
    folder = destinations([f"archive={tmp_path}"])["archive"]
    for content in REPORTS:
        in_a_loop(folder.put("week.json", content))
        assert (tmp_path / "week.json").read_bytes() == content
    (tmp_path / "week.json").write_bytes(b"my notes")
    with pytest.raises(NotDelivered, match="a file is there that is no earlier delivery"):
        in_a_loop(folder.put("week.json", REPORTS[0]))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"my notes"]


@pytest.mark.anywhere
def test_a_report_on_schedule_is_written_to_a_folder_under_a_dated_name(ruled: Ruled, folder: Path) -> None:
    before = metric(ruled, DELIVERED)
    report_id = due(ruled, deliver_to=["archive"], format="xlsx", columns="extended")
    (delivered,) = settled(ruled, report_id)
    assert (delivered["kind"], delivered["to"], delivered["status"]) == ("file", "archive", "delivered")
    assert delivered["name"] == "hourly-20260309T130000Z.xlsx"
    assert [path.name for path in folder.iterdir()] == ["hourly-20260309T130000Z.xlsx"]
    assert (folder / delivered["name"]).read_bytes()[:2] == b"PK"
    assert metric(ruled, DELIVERED) == before + 1
    assert ruled.ask("select content from store_uptime.delivery") == [(None,)]


def test_any_report_can_be_delivered(ruled: Ruled, folder: Path) -> None:
    report_id = complete(ruled.client)
    answer = ruled.client.post(f"/reports/{report_id}/deliveries", json={"to": "archive"})
    assert (answer.status_code, answer.json()["status"]) == (202, "waiting")
    assert settled(ruled, report_id)[0]["name"] == answer.json()["name"]
    wide = {"to": "archive", "columns": "extended"}
    other = ruled.client.post(f"/reports/{report_id}/deliveries", json=wide).json()["name"]
    settled(ruled, report_id, 2)
    for name, columns in ((answer.json()["name"], "plain"), (other, "extended")):
        there = ruled.client.get(f"/get_report/{report_id}", params={"columns": columns})
        assert (folder / name).read_bytes() == there.content
    again = ruled.client.post(f"/reports/{report_id}/deliveries", json={"to": "archive"})
    assert again.json()["name"] == answer.json()["name"]
    settled(ruled, report_id, 2)
    refused = ruled.client.post(f"/reports/{report_id}/deliveries", json={"to": "nowhere"})
    assert "knows no destination 'nowhere'. It delivers to archive" in problem(refused, 422)


def test_a_folder_that_hangs_keeps_no_other_waiting(ruled: Ruled, folder: Path, stuck: Path) -> None:
    """As one of a machine that is away: here a pipe has the file's name, and nobody reads it."""

    def deliver(to: str) -> str:
        return ruled.client.post(f"/reports/{report_id}/deliveries", json={"to": to}).json()["name"]

    report_id = complete(ruled.client)
    pipe = stuck / deliver("archive")
    os.mkfifo(pipe)
    for _ in range(AT_ONCE + 1):
        deliver("stuck")
    eventually((folder / pipe.name).exists)
    (folder / pipe.name).unlink()
    deliver("archive")
    eventually((folder / pipe.name).exists)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    settled(ruled, report_id, 2)
    os.close(reader)


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """The variables that lead to a server with the bucket `reports`, but for a key."""
    with bucket("reports") as url:
        yield {"AWS_ENDPOINT": url, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1"}


def test_a_report_is_put_into_a_real_bucket(server: str, polled: str, s3: dict[str, str]) -> None:
    there = S3Store(
        "reports",
        endpoint=s3["AWS_ENDPOINT"],
        region="us-east-1",
        access_key_id=ACCESS["AWS_ACCESS_KEY_ID"],
        secret_access_key=ACCESS["AWS_SECRET_ACCESS_KEY"],
        client_options={"allow_http": True},
    )
    with ruled_service(server, polled, "--destination", "away=s3://reports/shop", **s3, **ACCESS) as ruled:
        report_id = due(ruled, deliver_to=["away"])
        (delivered,) = settled(ruled, report_id)
        assert delivered["status"] == "delivered", delivered
        content = obstore.get(there, f"shop/{delivered['name']}").bytes().to_bytes()
        assert content == ruled.client.get(f"/get_report/{report_id}").content


def test_a_bucket_that_is_away_or_not_ours_is_told_and_tried_again(
    server: str, polled: str, s3: dict[str, str]
) -> None:
    wrong = {"AWS_ACCESS_KEY_ID": "stranger", "AWS_SECRET_ACCESS_KEY": "guessed"}
    with ruled_service(server, polled, "--destination", "away=s3://reports", **s3, **wrong) as ruled:
        found = tried(ruled, due(ruled, deliver_to=["away"]), 1)
    assert (found["status"], found["next_try_at"]) == ("waiting", "2026-03-09T13:00:05Z")
    assert "\n" not in found["error"]
    assert "403" in found["error"] or "AccessDenied" in found["error"] or "InvalidAccessKey" in found["error"]


def test_a_folder_that_comes_back_gets_its_file(ruled: Ruled, folder: Path) -> None:
    folder.rmdir()
    folder.write_text("in the way", encoding="utf-8")
    report_id = due(ruled, deliver_to=["archive"])
    tried(ruled, report_id, 1)
    eventually(lambda: metric(ruled, "store_uptime_waiting_deliveries") == 1)
    folder.unlink()
    folder.mkdir()
    set_clock(ruled.registry, DUE + 5 * SECOND)
    (delivered,) = settled(ruled, report_id)
    assert (delivered["status"], delivered["tries"]) == ("delivered", 2)
    assert (folder / delivered["name"]).exists()


def test_what_no_server_comes_for_is_given_up(ruled: Ruled) -> None:
    report_id = due(ruled, deliver_to=["archive"])
    ruled.ask("update store_uptime.schedule set deliver_to = '{elsewhere}'")
    set_clock(ruled.registry, DUE + HOUR)
    eventually(lambda: len(ruled.reports("hourly")) == 2)
    other = next(report for report in ruled.reports("hourly") if report["report_id"] != report_id)
    finished(ruled.client, other["report_id"])
    assert deliveries(ruled, other["report_id"])[0]["status"] == "waiting"
    ruled.ask("update store_uptime.delivery set next_try_at = next_try_at - interval '4 days'")
    (found,) = settled(ruled, other["report_id"])
    assert found["status"] == "failed"
    assert found["error"].startswith("No server that knows this destination")


def test_a_server_that_was_away_for_days_delivers_what_waits(server: str, polled: str, tmp_path: Path) -> None:
    with ruled_service(server, polled, "--timing.tidy-s=600") as ruled:
        ruled.add("hourly")
        ruled.ask("update store_uptime.schedule set deliver_to = '{elsewhere}'")
        set_clock(ruled.registry, DUE)
        report_id = ruled.only_report("hourly")["report_id"]
        ago = "next_try_at = next_try_at - interval '4 days', asked_at = '2020-01-01'"
        ruled.ask(f"update store_uptime.delivery set {ago}")
        with running(polled, "--registry", ruled.registry, "--destination", f"elsewhere={tmp_path / 'elsewhere'}"):
            (delivered,) = settled(ruled, report_id)
    assert delivered["status"] == "delivered"
    assert (tmp_path / "elsewhere" / delivered["name"]).exists()


def test_a_report_stays_as_long_as_something_of_it_waits(ruled: Ruled, folder: Path) -> None:
    folder.rmdir()
    folder.write_text("in the way", encoding="utf-8")
    report_id = due(ruled, deliver_to=["archive"])
    tried(ruled, report_id, 1)
    other = complete(ruled.client)
    ruled.ask("update store_uptime.report set finished_at = finished_at - interval '90 days'")
    eventually(lambda: ruled.client.get(f"/get_report/{other}").status_code == 410)
    assert ruled.client.get(f"/get_report/{report_id}").is_success
    assert ruled.client.delete(f"/reports/{report_id}").status_code == 204
    assert ruled.ask("select count(*) from store_uptime.delivery") == [(0,)]


# Announcements --------------------------------------------------------------------------------------------------------


def test_a_report_is_announced_once_its_file_is_there(ruled: Ruled, receiver: Receiver) -> None:
    added = ruled.add("hourly", deliver_to=["archive"], webhook=f"{receiver.url}/hook/secret")
    set_clock(ruled.registry, DUE)
    report_id = ruled.only_report("hourly")["report_id"]
    told = settled(ruled, report_id, 2)
    assert {each["status"] for each in told} == {"delivered"}
    assert [each["to"] for each in told if each["kind"] == "webhook"] == [receiver.url.partition("//")[2]]
    (got,) = receiver.received
    said = Webhook(added["webhook_secret"]).verify(got.body, got.headers)
    assert said["type"] == "report.complete"
    assert said["data"] == {
        "report_id": report_id,
        "schedule": "hourly",
        "due_at": "2026-03-09T13:00:00Z",
        "is_late": False,
        "passed_over": 0,
        "status": "Complete",
        "stores": 40,
        "error": None,
        "warnings": [],
        "warning_codes": [],
        "files": [{"to": "archive", "name": "hourly-20260309T130000Z.csv", "status": "delivered"}],
    }
    log = json.dumps(ruled.server.logged())
    assert "secret" not in log
    sent = ruled.ask("select client, subject, detail from store_uptime.audit where action = 'sent' order by id")
    assert sent == [
        ("schedule hourly", report_id, "hourly-20260309T130000Z.csv to archive"),
        ("schedule hourly", report_id, f"announcement to {receiver.url.partition('//')[2]}"),
    ]


def test_a_warning_is_the_same_wherever_it_stands(ruled: Ruled, receiver: Receiver, tmp_path: Path) -> None:
    ruled.add("hourly", webhook=f"{receiver.url}/hook")
    ruled.client.post("/schedules/hourly/run")
    report_id = ruled.only_report("hourly")["report_id"]
    settled(ruled, report_id)
    terminal = called("report", "--source", ruled.tables, "--strict", "--format", "json", cwd=tmp_path)
    sentences = json.loads(terminal.stdout)["quality"]["warnings"]
    assert (terminal.returncode, sentences[0][:20]) == (3, "The data is old: whe")
    assert all(
        f"warning  {sentence}" in re.sub("warning +", "warning  ", terminal.stderr.decode()) for sentence in sentences
    )
    (listed,) = ruled.client.get("/reports").json()["reports"]
    details = ruled.client.get(f"/reports/{report_id}").json()
    (got,) = receiver.received
    told = (listed, details["report"], details["quality"], json.loads(got.body)["data"])
    assert [(each["warnings"], each["warning_codes"][0]) for each in told] == [(sentences, "old-data")] * 4
    page, history = (ruled.client.get(address).text for address in (f"/view/{report_id}", "/history"))
    assert ("Down when last seen" in page, "Down now" in page, " days ago · all stores" in page) == (True, False, True)
    assert f"<li>{sentences[0]}</li>" in page
    assert re.search(rf"⚠ {len(sentences)} warnings?</a>", history)
    eventually(lambda: metric(ruled, 'store_uptime_warnings{code="old-data"}') == 1)
    assert metric(ruled, "store_uptime_data_age_seconds") > details["provenance"]["data_age_seconds"]


def test_what_was_said_when_it_was_due_holds_though_the_schedule_has_gone(ruled: Ruled, receiver: Receiver) -> None:
    ruled.add("hourly", deliver_to=["archive"], webhook=f"{receiver.url}/hook")
    with held_up(ruled.tables):
        set_clock(ruled.registry, DUE)
        eventually(lambda: ruled.reports("hourly"))
        (report,) = ruled.reports("hourly")
        assert ruled.client.delete("/schedules/hourly").status_code == 204
    assert {each["status"] for each in settled(ruled, report["report_id"], 2)} == {"delivered"}
    assert [got.path for got in receiver.received] == ["/hook"]


def test_a_failed_report_is_announced_too(ruled: Ruled, receiver: Receiver) -> None:
    ruled.add("daily", cron="0 13 * * *", webhook=f"{receiver.url}/hook")
    ruled.ask("""update store_uptime.schedule set options = options || '{"store_id": "nobody"}'""")
    now = DUE
    for wait in (1, 4, 16, 64, 0):
        set_clock(ruled.registry, now)
        before = ruled.tries("daily")
        eventually(lambda before=before: ruled.tries("daily") > before, 30)
        now += wait * MINUTE
    eventually(lambda: receiver.received, 30)
    said = json.loads(receiver.received[0].body)
    assert (said["type"], said["data"]["status"]) == ("report.error", "Error")
    assert said["data"]["error"].startswith("no poll in the database has the store id")
    assert len(receiver.received) == 1


def test_a_receiver_that_fails_is_told_again_until_it_has_heard(ruled: Ruled, receiver: Receiver) -> None:
    receiver.answers["/hook"] = [500, 302, 200]
    report_id = due(ruled, webhook=f"{receiver.url}/hook")
    assert tried(ruled, report_id, 1)["error"] == "it answered 500"
    assert tried(ruled, report_id, 1)["next_try_at"] == "2026-03-09T13:00:05Z"
    set_clock(ruled.registry, DUE + 4 * SECOND)
    complete(ruled.client)
    assert len(receiver.received) == 1
    set_clock(ruled.registry, DUE + 5 * SECOND)
    assert "redirects are not followed" in tried(ruled, report_id, 2)["error"]
    set_clock(ruled.registry, DUE + 5 * SECOND + MINUTE)
    (delivered,) = settled(ruled, report_id)
    assert (delivered["status"], delivered["tries"], delivered.get("error")) == ("delivered", 3, None)
    assert receiver.at("/led-on") == []
    assert len({got.headers["webhook-id"] for got in receiver.received}) == 1


def test_a_receiver_that_hangs_keeps_nothing_waiting(ruled: Ruled, receiver: Receiver) -> None:
    receiver.answers["/hook"] = ["hang"]
    report_id = due(ruled, webhook=f"{receiver.url}/hook")
    eventually(lambda: receiver.received)
    complete(ruled.client)
    other = ruled.client.post(f"/reports/{report_id}/deliveries", json={"to": "archive"}).json()["name"]
    eventually(
        lambda: any(
            each.get("name") == other and each["status"] == "delivered" for each in deliveries(ruled, report_id)
        )
    )
    (hook,) = (each for each in deliveries(ruled, report_id) if each["kind"] == "webhook")
    assert hook["status"] == "waiting"  # the receiver hangs on meanwhile


def test_a_receiver_that_hangs_is_told_again_later(server: str, polled: str, receiver: Receiver) -> None:
    receiver.answers["/hook"] = ["hang"]
    with ruled_service(server, polled, *LOCAL, "--timing.webhook-s=0.5") as ruled:
        report_id = due(ruled, webhook=f"{receiver.url}/hook")
        assert tried(ruled, report_id, 1)["error"] == "it took longer than 0.5 seconds"


def test_a_receiver_that_never_hears_is_given_up(ruled: Ruled, receiver: Receiver) -> None:
    receiver.answers["/hook"] = [503]
    before = metric(ruled, GIVEN_UP)
    report_id, now = due(ruled, webhook=f"{receiver.url}/hook"), DUE
    ruled.client.delete("/schedules/hourly")
    for tries, wait in enumerate(WAITS, start=1):
        assert tried(ruled, report_id, tries)["status"] == "waiting"
        now += wait
        set_clock(ruled.registry, now)
    (found,) = settled(ruled, report_id)
    assert (found["status"], found["tries"], found["error"]) == ("failed", 8, "it answered 503")
    eventually(lambda: metric(ruled, "store_uptime_failed_deliveries") == 1)
    eventually(lambda: metric(ruled, GIVEN_UP) == before + 1)


def test_a_receiver_that_has_gone_is_told_no_more(ruled: Ruled, receiver: Receiver) -> None:
    receiver.answers["/hook"] = [410]
    (found,) = settled(ruled, due(ruled, webhook=f"{receiver.url}/hook"))
    assert (found["status"], found["tries"]) == ("failed", 1)


def test_a_private_network_is_called_only_if_it_is_allowed(server: str, polled: str, receiver: Receiver) -> None:
    with ruled_service(server, polled) as ruled:
        webhook = f"{receiver.url.replace('127.0.0.1', 'localhost')}/hook"
        wanted = ("hourly", "--cron", "0 * * * *", "--webhook", webhook)  # a command knows no server's networks
        assert called("schedule", "add", *wanted, "--registry", ruled.registry).returncode == 0
        set_clock(ruled.registry, DUE)
        (found,) = settled(ruled, ruled.only_report("hourly")["report_id"])
        assert found["status"] == "failed"
        assert "an address of a private network: --webhook-network allows" in found["error"]
        assert receiver.received == []


def test_who_may_call_the_service_may_deliver(server: str, polled: str, tmp_path: Path) -> None:
    with ruled_service(server, polled, "--destination", f"archive={tmp_path / 'archive'}") as ruled:
        report_id = complete(ruled.client)
        key = new_key(ruled.registry, "ann")
        eventually(lambda: ruled.client.get("/schedules").status_code == 401)
        path, wanted = f"/reports/{report_id}/deliveries", {"to": "archive"}
        assert ruled.client.post(path, json=wanted).status_code == 401
        assert ruled.client.post(path, json=wanted, headers=bearer(key)).status_code == 202
