"""Schedules: asked for, due, missed, failed, kept; under a clock that the test rules."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from store_uptime.pipeline import Options, build_report, open_source
from tests.support.feeds import called
from tests.support.postgres import eventually, run
from tests.support.running import bearer, complete, finished, held_up, joined, new_key, occupied, problem, trigger
from tests.support.timetable import DAY, HOUR, MINUTE, NOON, Ruled, as_new, ruled_service, set_clock

pytestmark = pytest.mark.long  # servers of their own, many times


@pytest.fixture(scope="module")
def shared(polled: str, server: str) -> Iterator[Ruled]:
    with ruled_service(server, polled) as ruled:
        yield ruled


@pytest.fixture
def ruled(shared: Ruled) -> Ruled:
    return as_new(shared)


# Asked for ------------------------------------------------------------------------------------------------------------


def test_a_schedule_is_added_listed_run_and_removed(ruled: Ruled) -> None:
    added = ruled.add("morning", cron="15 6 * * 1-5", zone="Europe/Berlin", max_gap="2h", retention="90d")
    assert added == {"name": "morning", "next_due": "2026-03-10T05:15:00Z", "webhook_secret": None}
    told = ruled.described("morning")
    assert told["in_words"] == "Every weekday at 06:15"
    assert (told["options"]["max_gap"], told["retention"], told["last"]) == ("2h", "90d", None)
    answer = ruled.client.post("/schedules/morning/run")
    assert answer.status_code == 202
    status = finished(ruled.client, answer.json()["report_id"])
    assert (status["status"], status["schedule"], status.get("due_at")) == ("Complete", "morning", None)
    assert ruled.described("morning")["last"]["report_id"] == status["report_id"]
    assert ruled.client.delete("/schedules/morning").status_code == 204
    assert ruled.client.get("/schedules").json()["schedules"] == []
    assert finished(ruled.client, status["report_id"])["schedule"] == "morning"
    for path in ("/schedules/morning", "/schedules/none/run"):
        answer = ruled.client.request("POST" if path.endswith("run") else "DELETE", path)
        assert problem(answer, 404).startswith("There is no schedule")


@pytest.mark.parametrize(
    ("wanted", "status", "told"),
    [
        ({"cron": "61 * * * *"}, 400, "is no cron expression"),
        ({"cron": "* * *"}, 400, "has not five fields"),
        ({"zone": "Mars"}, 400, "is no time zone"),
        ({"name": "../x"}, 400, "name"),
        ({"retention": "0h"}, 400, "retention: '0h' is too short"),
        ({"retention": "soon"}, 400, "is not a duration"),
        ({"retention": "99999999d"}, 400, "retention must be at most 36525d"),
        ({"retention": "PT1H"}, 400, "retention: 'PT1H' is not a duration: write 90m, 2h or 1d12h."),
        ({"lookback": "PT1H"}, 400, "lookback: 'PT1H' is not a duration: write 90m, 2h or 1d12h."),
        ({"max_gap": "0h"}, 400, "max_gap: '0h' is too short"),
        ({"webhook": "ftp://example.com"}, 400, "is no address for a webhook"),
        ({"webhook": "https://me:secret@example.com"}, 400, "is no address for a webhook"),
        ({"webhook": "http://10.0.0.1/hook"}, 422, "leads to 10.0.0.1, an address of a private network"),
        ({"webhook": "http://2130706433/"}, 422, "leads to 127.0.0.1, an address of a private network"),
        ({"webhook": "http://[fe80::1]/hook"}, 422, "an address of a private network"),
        ({"webhook": "http://hooks.localhost:8000/"}, 422, "an address of a private network"),
        ({"store_id": "nobody"}, 404, "no poll in the database has the store id 'nobody'"),
        ({"lookback": "999999999d"}, 422, "before"),
        ({"deliver_to": ["nowhere"]}, 422, "knows no destination 'nowhere'"),
        ({"now": "2026-03-09T00:00:00Z"}, 400, "now"),
    ],
)
def test_what_cannot_be_a_schedule_is_refused(service: Any, wanted: dict[str, Any], status: int, told: str) -> None:
    with service.client() as client:
        answer = client.post("/schedules", json={"name": "x", "cron": "0 * * * *"} | wanted)
        assert told in problem(answer, status)
        assert [answer.json()["field"]] == list(wanted)
        assert client.get("/schedules").json()["schedules"] == []


def test_a_schedule_is_changed_and_keeps_its_secret_and_its_reports(ruled: Ruled) -> None:
    secret = ruled.add("morning", webhook="https://a.example.com/hook", retention="90d")["webhook_secret"]
    report_id = ruled.client.post("/schedules/morning/run").json()["report_id"]
    finished(ruled.client, report_id)
    wanted = {"cron": "15 6 * * *", "zone": "Europe/Berlin", "webhook": "https://b.example.com/hook"}
    answer = ruled.client.put("/schedules/morning", json=wanted)
    assert (answer.status_code, answer.json()) == (
        200,
        {"name": "morning", "next_due": "2026-03-10T05:15:00Z", "webhook_secret": None},
    )
    told = ruled.described("morning")
    assert (told["cron"], told["webhook"], told["retention"]) == ("15 6 * * *", "b.example.com", None)
    assert told["last"]["report_id"] == report_id
    assert kept_secret(ruled, "morning") == secret


def test_a_webhook_that_is_new_gets_a_secret_and_one_that_goes_takes_it_along(ruled: Ruled) -> None:
    ruled.add("morning", cron="15 6 * * *")
    wanted = {"name": "morning", "cron": "15 6 * * *", "webhook": "https://a.example.com/hook"}
    secret = ruled.client.put("/schedules/morning", json=wanted).json()["webhook_secret"]
    assert secret.startswith("whsec_")
    assert kept_secret(ruled, "morning") == secret
    ruled.client.put("/schedules/morning", json={"cron": "15 6 * * *"}).raise_for_status()
    assert kept_secret(ruled, "morning") is None


@pytest.mark.parametrize(
    ("name", "wanted", "status", "told"),
    [
        ("none", {"cron": "0 0 * * *"}, 404, "There is no schedule 'none'."),
        ("morning", {}, 400, "cron is missing; it must be text of at most 200 characters."),
        ("morning", {"cron": "61 * * * *"}, 400, "is no cron expression"),
        ("morning", {"cron": "0 0 * * *", "retention": "PT1H"}, 400, "'PT1H' is not a duration: write 90m"),
        ("morning", {"name": "noon", "cron": "0 0 * * *"}, 400, "The body names the schedule 'noon'"),
        ("morning", {"cron": "0 0 * * *", "webhook": "http://localhost./x"}, 422, "of a private network"),
    ],
)
def test_what_cannot_be_changed_is_refused(
    ruled: Ruled, name: str, wanted: dict[str, Any], status: int, told: str
) -> None:
    ruled.add("morning", cron="0 6 * * *")
    assert told in problem(ruled.client.put(f"/schedules/{name}", json=wanted), status)
    assert ruled.described("morning")["cron"] == "0 6 * * *"


def kept_secret(ruled: Ruled, name: str) -> str | None:
    """What the announcements of a schedule are signed with."""
    return dict(ruled.ask("select name, webhook_secret from store_uptime.schedule"))[name]


def test_a_name_is_taken_once(ruled: Ruled) -> None:
    ruled.add("twice")
    answer = ruled.client.post("/schedules", json={"name": "twice", "cron": "0 0 * * *"})
    assert "There is a schedule 'twice' already" in problem(answer, 409)


def test_the_command_line_does_the_same(ruled: Ruled) -> None:
    def said(*arguments: str, status: int = 0) -> str:
        done = called("schedule", *arguments, "--registry", ruled.registry)
        assert done.returncode == status, done.stderr
        return (done.stdout + done.stderr).decode()

    added = said(
        *("add", "early", "--cron", "15 6 * * *", "--zone", "Europe/Berlin", "--retention", "90d", "--max-gap", "2h"),
        *("--period", "last-month", "--by", "day"),
        *("--deliver-to", "archive", "--webhook", "https://hooks.example.com/secret"),
    )
    assert "the next time at 2026-03-10 05:15 UTC" in added
    assert "wait for a server with --destination archive=…" in added
    assert added.startswith("whsec_")
    assert "There is a schedule 'early' already" in said("add", "early", "--cron", "0 0 * * *", status=1)
    assert "is no cron expression" in said("add", "late", "--cron", "0 25 * * *", status=2)
    told = [
        "early",
        "15 6 * * *",
        "Europe/Berlin",
        "2026-03-10T05:15Z",
        "archive, hooks.example.com",
        "-",
        "all stores, last month by day, a poll counts for at most 2h",
    ]
    headings, row = (line.split("\t") for line in said("list").splitlines())
    assert headings == ["name", "cron", "zone", "next", "to", "last_report", "of"]
    assert row == told
    report_id = said("run", "early").strip()
    assert finished(ruled.client, report_id)["schedule"] == "early"
    assert "\tcomplete\t" in said("list")
    assert "its reports stay" in said("remove", "early")
    assert "There is no schedule 'early'" in said("run", "early", status=1)
    private = said("add", "near", "--cron", "15 6 * * *", "--webhook", "http://10.0.0.1/hook")
    assert "its webhook waits for a server with --webhook-network 10.0.0.1" in private
    assert "is removed" in said("remove", "near")
    assert said("list") == "there is no schedule yet: store-uptime schedule add NAME --cron … makes one.\n"


# Due ------------------------------------------------------------------------------------------------------------------


def test_a_report_is_made_when_its_time_comes_and_not_before(ruled: Ruled) -> None:
    ruled.add("hourly", zone="America/Chicago", columns="extended", retention="90d")
    set_clock(ruled.registry, NOON + HOUR - timedelta(seconds=1))
    complete(ruled.client, lookback="1h")
    assert ruled.reports("hourly") == []
    set_clock(ruled.registry, NOON + HOUR)
    report = ruled.only_report("hourly")
    assert (report["status"], report["due_at"], report["options"]["columns"]) == (
        "Complete",
        "2026-03-09T13:00:00Z",
        "extended",
    )
    assert not {"is_late", "passed_over", "tries"} & report.keys()
    assert ruled.described("hourly")["next_due"] == "2026-03-09T14:00:00Z"
    kept = ruled.ask(f"select retention from store_uptime.report where id = '{report['report_id']}'")
    assert kept == [(timedelta(days=90),)]


def test_its_now_is_that_of_its_due_time(ruled: Ruled) -> None:
    ruled.add("hourly")
    set_clock(ruled.registry, NOON + HOUR)
    report = ruled.only_report("hourly")
    told = ruled.client.get(f"/reports/{report['report_id']}").json()["provenance"]
    newest = run(ruled.tables, f"select max(timestamp_utc) from store_status where timestamp_utc <= '{NOON + HOUR}'")
    assert datetime.fromisoformat(told["now"]) == newest[0][0] < NOON + HOUR
    assert told["now_is"] == "the newest accepted poll until 2026-03-09T13:00:00Z"
    there = build_report(open_source(ruled.tables), Options(now=newest[0][0]))
    assert ruled.client.get(f"/get_report/{report['report_id']}").content == there.csv()


def test_where_no_poll_is_as_old_the_newest_one_is_now(ruled: Ruled) -> None:
    set_clock(ruled.registry, NOON - 100 * DAY)
    ruled.add("hourly")
    set_clock(ruled.registry, NOON - 100 * DAY + HOUR)
    told = ruled.client.get(f"/reports/{ruled.only_report('hourly')['report_id']}").json()["provenance"]
    newest = run(ruled.tables, "select max(timestamp_utc) from store_status")
    assert datetime.fromisoformat(told["now"]) == newest[0][0]
    assert told["now_is"].endswith("; none is as old")


def test_what_was_missed_is_caught_up_with_once(ruled: Ruled) -> None:
    ruled.add("hourly")
    set_clock(ruled.registry, NOON + 3 * HOUR + 20 * MINUTE)
    report = ruled.only_report("hourly")
    assert (report["due_at"], report["is_late"], report["passed_over"]) == ("2026-03-09T15:00:00Z", True, 2)
    told = ruled.client.get(f"/reports/{report['report_id']}").json()["provenance"]
    assert told["now_is"] == "the newest accepted poll until 2026-03-09T15:00:00Z"
    assert datetime.fromisoformat(told["now"]) <= NOON + 3 * HOUR
    assert ruled.described("hourly")["next_due"] == "2026-03-09T16:00:00Z"


def test_a_clock_that_goes_back_makes_no_report_again(ruled: Ruled) -> None:
    ruled.add("hourly")
    set_clock(ruled.registry, NOON + HOUR)
    ruled.only_report("hourly")
    set_clock(ruled.registry, NOON + HOUR - MINUTE)
    ruled.ask("update store_uptime.schedule set next_due = next_due - interval '1 hour'")  # as after a restore
    set_clock(ruled.registry, NOON + HOUR + MINUTE)
    eventually(lambda: ruled.described("hourly")["next_due"] == "2026-03-09T14:00:00Z")
    assert len(ruled.reports("hourly")) == 1


def test_a_schedule_that_somebody_has_spoilt_keeps_no_other_waiting(ruled: Ruled) -> None:
    ruled.add("hourly")
    ruled.add("spoilt")
    ruled.ask("update store_uptime.schedule set zone = 'Mars', cron = 'now and then' where name = 'spoilt'")
    set_clock(ruled.registry, NOON + HOUR)
    assert ruled.only_report("hourly")["status"] == "Complete"
    assert ruled.described("spoilt")["next_due"] == "2026-03-09T14:00:00Z"
    assert ruled.reports("spoilt") == []


def test_what_was_missed_for_years_is_caught_up_with_once_and_soon(ruled: Ruled) -> None:
    ruled.add("often", cron="* * * * *")
    ruled.ask("update store_uptime.schedule set next_due = next_due - interval '5 years'")
    report = ruled.only_report("often")
    assert (report["due_at"], report["passed_over"]) == ("2026-03-09T12:00:00Z", 10_000)


def test_reports_on_schedule_leave_room_for_triggers(polled: str, server: str) -> None:
    with ruled_service(server, polled, "--queue", "1") as ruled:
        for number in range(5):
            ruled.add(f"hourly-{number}")
        with held_up(polled):
            set_clock(ruled.registry, NOON + HOUR)
            eventually(lambda: len(ruled.client.get("/reports").json()["reports"]) == 5)
            waiting = trigger(ruled.client)
            refused = ruled.client.post("/trigger_report", json={"lookback": "1h"})
            assert "1 report is waiting already" in problem(refused, 503)
        assert finished(ruled.client, waiting)["status"] == "Complete"


def test_of_a_schedule_one_report_waits_and_becomes_that_of_the_newest_due_time(ruled: Ruled, polled: str) -> None:
    ruled.add("hourly")
    with occupied(polled, ruled.client):
        for hours in range(1, 5):
            set_clock(ruled.registry, NOON + hours * HOUR)
            eventually(lambda due=13 + hours: ruled.described("hourly")["next_due"] == f"2026-03-09T{due}:00:00Z")
        (report,) = ruled.reports("hourly")
        assert (report["due_at"], report["passed_over"]) == ("2026-03-09T16:00:00Z", 3)
    assert finished(ruled.client, report["report_id"])["status"] == "Complete"


def test_what_failed_is_given_up_when_the_next_due_time_comes(ruled: Ruled) -> None:
    failed_once(ruled)
    set_clock(ruled.registry, NOON + 2 * HOUR)
    eventually(lambda: [report["status"] for report in ruled.reports("hourly")] == ["Complete", "Error"], 30)


def test_to_run_a_schedule_again_and_again_is_to_run_it_once(ruled: Ruled, polled: str) -> None:
    ruled.add("hourly")
    with held_up(polled):
        ids = {ruled.client.post("/schedules/hourly/run").json()["report_id"] for _ in range(10)}
    assert len(ids) <= 3  # those that have begun are none that wait
    assert {finished(ruled.client, report_id)["status"] for report_id in ids} == {"Complete"}


def test_a_trigger_neither_waits_for_nor_joins_a_report_on_schedule(ruled: Ruled) -> None:
    ruled.add("hourly")
    set_clock(ruled.registry, NOON + HOUR)
    report = ruled.only_report("hourly")
    assert joined(ruled.client) != report["report_id"]


# Failed ---------------------------------------------------------------------------------------------------------------


@contextmanager
def without_zones(ruled: Ruled) -> Generator[None]:
    """Every run fails within the block."""
    run(ruled.tables, "alter table timezones rename to elsewhere")
    try:
        yield
    finally:
        run(ruled.tables, "alter table elsewhere rename to timezones")


def failed_once(ruled: Ruled) -> None:
    """A schedule whose report has failed, and waits to be tried again."""
    ruled.add("hourly")
    with without_zones(ruled):
        set_clock(ruled.registry, NOON + HOUR)
        eventually(lambda: ruled.tries("hourly") == 1, 30)


def test_a_run_that_fails_is_tried_again_and_then_said(ruled: Ruled) -> None:
    ruled.add("daily", cron="0 13 * * *")
    now = NOON + HOUR
    with without_zones(ruled):
        set_clock(ruled.registry, now)
        for tries, wait in enumerate((1, 4, 16, 64), start=1):
            eventually(lambda done=tries: ruled.tries("daily") == done, 30)
            (report,) = ruled.reports("daily")
            assert report["status"] == "Running"
            assert report["progress"]["step"].startswith(
                f"waiting for try {tries + 1}: the database: there is no table"
            )
            now += wait * MINUTE
            set_clock(ruled.registry, now - timedelta(seconds=1))
            assert ruled.ask("select status from store_uptime.report") == [("queued",)]
            set_clock(ruled.registry, now)
        report = ruled.only_report("daily")
    assert (report["status"], report["tries"]) == ("Error", 5)
    assert ruled.described("daily")["last"]["error"] == report["error"]


def test_a_try_that_succeeds_leaves_nothing_of_those_before(ruled: Ruled) -> None:
    failed_once(ruled)
    set_clock(ruled.registry, NOON + HOUR + MINUTE)
    report = ruled.only_report("hourly")
    assert (report["status"], report["tries"], report.get("error")) == ("Complete", 1, None)


def test_a_cancelled_one_is_not_tried_again(ruled: Ruled) -> None:
    failed_once(ruled)
    (report,) = ruled.reports("hourly")
    assert ruled.client.delete(f"/reports/{report['report_id']}").status_code == 204
    set_clock(ruled.registry, NOON + HOUR + 10 * MINUTE)
    complete(ruled.client)
    assert ruled.only_report("hourly")["error"] == "It was cancelled."


# Who ------------------------------------------------------------------------------------------------------------------


def test_the_maker_of_a_schedule_is_who_has_asked_for_its_reports(server: str, polled: str) -> None:
    with ruled_service(server, polled) as ruled:
        key = new_key(ruled.registry, "ann")
        eventually(lambda: ruled.client.get("/schedules").status_code == 401)
        ruled.client.headers.update(bearer(key))
        ruled.add("hourly")
        set_clock(ruled.registry, NOON + HOUR)
        assert ruled.only_report("hourly")["requested_by"] == "ann"
        assert ruled.described("hourly")["made_by"] == "ann"
