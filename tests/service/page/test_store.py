"""The page of a store: what it says in words, its figures beside the API's, and its days in reports that are kept."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import httpx
import polars as pl
import pytest
from playwright.sync_api import Browser, expect

from store_uptime.pipeline import (
    Frames,
    Options,
    Period,
    Report,
    archive,
    archive_periods,
    build_periods,
    build_report_with_lanes,
    explain,
    group_days,
    joined_days,
    open_source,
    store_days,
    timeline_days,
)
from store_uptime.pipeline.options import LIMITS
from store_uptime.service.page.humanize import format_duration
from store_uptime.service.page.models.store import StoreWeek, store_week
from store_uptime.service.page.models.store_days import WEEK, OwnWeek, calendar, own_week, period_days, weekly_steps
from store_uptime.service.page.store_words import StatusFacts, as_text, status_words
from store_uptime.service.page.templates import ASSETS
from store_uptime.service.registry.reports import DatedReport, StoredExplanation, StoredFigures
from store_uptime.service.testing import Service
from store_uptime.service.workers.explained import Explain
from store_uptime.service.workers.tasks import SourceConfig
from tests.support.browsing import faults, opened, overflow
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines, written_feed
from tests.support.postgres import fresh_database, run
from tests.support.running import complete, loaded, served

NEW_YORK = timezone(timedelta(hours=-4))
NOW = datetime(2026, 3, 10, 16, 0, tzinfo=NEW_YORK)  # a Tuesday
FRIDAY, SATURDAY = datetime(2026, 3, 6, 18, 42, tzinfo=NEW_YORK), datetime(2026, 3, 7, 23, 43, tzinfo=NEW_YORK)
RECENT = NOW - timedelta(minutes=2)
ENCRYPTED = "age-encryption.org/v1\n"  # as a file begins that this server has no key for
SHOP, OTHER = "corner shop", "other shop"


# In words -------------------------------------------------------------------------------------------------------------

DOWN = StatusFacts(NOW, "down", RECENT, False, RECENT, down_since=FRIDAY)
UP = StatusFacts(NOW, "up", RECENT, True, RECENT)
WORDS: dict[str, tuple[StatusFacts, str]] = {
    "down": (DOWN, "Down since Fri 6 Mar 18:42 (3 d 21 h). Last poll Tue 10 Mar 15:58: inactive."),
    "down, and nobody looks": (
        replace(DOWN, last_poll=SATURDAY, last_evidence=SATURDAY, is_carried=True),
        "Down since Fri 6 Mar 18:42 (3 d 21 h). Last poll Sat 7 Mar 23:43, none since: perhaps the feed.",
    ),
    "down, and looked at while it is closed": (
        replace(DOWN, last_evidence=SATURDAY, is_carried=True),
        "Down since Fri 6 Mar 18:42 (3 d 21 h). Last poll in business hours Sat 7 Mar 23:43; those since, until "
        "Tue 10 Mar 15:58, were outside them.",
    ),
    "down, and looked at last while it was closed": (
        replace(DOWN, last_poll=SATURDAY, last_evidence=FRIDAY, is_carried=True),
        "Down since Fri 6 Mar 18:42 (3 d 21 h). Last poll in business hours Fri 6 Mar 18:42; outside them until Sat "
        "7 Mar 23:43, none since: perhaps the feed.",
    ),
    "down for an hour": (
        replace(DOWN, down_since=NOW - timedelta(hours=1, minutes=5)),
        "Down since Tue 10 Mar 14:55 (1 h 5 min). Last poll Tue 10 Mar 15:58: inactive.",
    ),
    "down all week": (
        replace(DOWN, down_since=NOW - WEEK, is_cut=True),
        "Down since Tue 3 Mar 16:00 or before (7 d or more). Last poll Tue 10 Mar 15:58: inactive.",
    ),
    "down in old data": (
        replace(DOWN, newest_poll=RECENT),
        "Down when last seen, since Fri 6 Mar 18:42 (3 d 21 h). Last poll Tue 10 Mar 15:58: inactive. "
        "The data is old: the newest poll of all stores is of Tue 10 Mar 15:58.",
    ),
    "down at a given now": (
        replace(DOWN, is_given=True),
        "As of Tue 10 Mar 16:00: down since Fri 6 Mar 18:42 (3 d 21 h). Last poll Tue 10 Mar 15:58: inactive.",
    ),
    "up": (UP, "Up. Last poll Tue 10 Mar 15:58: active. No outage in this week."),
    "up again": (
        replace(UP, last_outage_end=SATURDAY),
        "Up. Last poll Tue 10 Mar 15:58: active. Down last until Sat 7 Mar 23:43.",
    ),
    "up, and nobody looks": (
        replace(UP, last_poll=SATURDAY, last_evidence=SATURDAY, is_carried=True),
        "Up, its last known status. Last poll Sat 7 Mar 23:43, none since: perhaps the feed. No outage in this week.",
    ),
    "up in old data": (
        replace(UP, newest_poll=RECENT),
        "Up when last seen. Last poll Tue 10 Mar 15:58: active. No outage in this week. "
        "The data is old: the newest poll of all stores is of Tue 10 Mar 15:58.",
    ),
    "up without hours": (
        replace(UP, always_open=True),
        "Up. Last poll Tue 10 Mar 15:58: active. No outage in this week. "
        "No business hours are given for it, so it counts as always open.",
    ),
    "unknown": (
        replace(UP, status="unknown", last_poll=SATURDAY, last_evidence=SATURDAY),
        "Unknown: no poll in business hours is near enough. Last poll Sat 7 Mar 23:43: active.",
    ),
    "never looked at while open": (
        replace(UP, status="unknown", last_evidence=None),
        "Unknown: no poll in business hours. Last poll Tue 10 Mar 15:58, outside business hours: active, but no "
        "evidence.",
    ),
    "closed, and was up": (
        replace(UP, status="closed", last_known="up", last_evidence=SATURDAY),
        "Closed now, and up when it closed. Last poll in business hours Sat 7 Mar 23:43. No outage in this week.",
    ),
    "closed in old data": (
        replace(UP, status="closed", last_known="up", newest_poll=RECENT),
        "Closed at Tue 10 Mar 16:00, and up when it closed. Last poll Tue 10 Mar 15:58: active. No outage in this "
        "week. The data is old: the newest poll of all stores is of Tue 10 Mar 15:58.",
    ),
    "closed, and was down": (
        replace(DOWN, status="closed", last_known="down"),
        "Closed now, and down when it closed, since Fri 6 Mar 18:42. Last poll Tue 10 Mar 15:58: inactive.",
    ),
    "closed, and nothing was known": (
        replace(UP, status="closed", last_known="unknown"),
        "Closed now; it is not known whether it was up when it closed. Last poll Tue 10 Mar 15:58: active.",
    ),
    "closed all week": (
        replace(UP, status="closed", last_evidence=None, is_given=True),
        "As of Tue 10 Mar 16:00: closed, and all of the week. Last poll Tue 10 Mar 15:58, outside business hours: "
        "active, but no evidence.",
    ),
    "hours that cannot be read": (
        replace(UP, status=None, last_evidence=None),
        "Nothing can be said: none of its business hours can be read. Last poll Tue 10 Mar 15:58: active.",
    ),
}


@pytest.mark.parametrize(("facts", "said"), WORDS.values(), ids=WORDS)
def test_it_is_said_in_plain_sentences(facts: StatusFacts, said: str) -> None:
    words = status_words(facts)
    assert " ".join(map(as_text, (words.head, *words.rest))) == said


# From small worlds ----------------------------------------------------------------------------------------------------

MONDAY = datetime(2026, 3, 16, 15, tzinfo=UTC)
DAILY = tuple(f"a,{day},06:00,18:00" for day in range(7))


Seen = TypeVar("Seen")


def shown(folder: Path, polls: tuple[str, ...], hours: tuple[str, ...], options: Options) -> StoreWeek:
    """What the page shows of store a in New York; polls of March 2026, in UTC."""
    return seen(folder, polls, hours, options, store_week)


def seen(
    folder: Path, polls: tuple[str, ...], hours: tuple[str, ...], options: Options, explained: Explain[Seen]
) -> Seen:
    """The same, as one of the functions says it that explain a store."""
    files = {"polls": lines(POLLS, *(f"a,2026-03-{poll}" for poll in polls)), "hours": lines(HOURS, *hours)}
    feed = written_feed(folder, **files, zones=lines(ZONES, "a,America/New_York"))
    kept = archive(build_report_with_lanes(open_source(feed), options))
    stored = StoredExplanation(kept.figures, kept.plan, kept.rejects, kept.attributes, kept.lanes)
    return explained(SourceConfig(str(feed), None), "a", LIMITS, stored)


GIVEN = Options(now=datetime(2026, 3, 10, 20, tzinfo=UTC))  # 16:00 in New York
WORLDS: dict[str, tuple[tuple[str, ...], tuple[str, ...], Options, str]] = {
    "down, seen": (
        ("10 18:00:00,active", "10 19:00:00,inactive"),
        DAILY,
        GIVEN,
        "As of Tue 10 Mar 16:00: down since Tue 10 Mar 15:00 (1 h). Last poll Tue 10 Mar 15:00: inactive.",
    ),
    "down, carried, in old data": (
        ("06 20:00:00,active", "06 21:00:00,inactive"),
        DAILY,
        GIVEN,
        "As of Tue 10 Mar 16:00: down when last seen, since Fri 6 Mar 16:00 (3 d 23 h). Last poll Fri 6 Mar 16:00, "
        "none since: perhaps the feed. The data is old: the newest poll of all stores is of Fri 6 Mar 16:00.",
    ),
    "closed, and down": (
        ("10 18:00:00,active", "10 19:00:00,inactive"),
        tuple(row.replace("18:00", "15:30") for row in DAILY),
        GIVEN,
        "As of Tue 10 Mar 16:00: closed, and down when it closed, since Tue 10 Mar 15:00. Last poll Tue 10 Mar "
        "15:00: inactive.",
    ),
    "unknown by max_gap": (
        ("10 14:00:00,active", "10 19:59:00,active"),
        ("a,1,06:00,12:00", "a,1,13:00,13:10", "a,1,15:59:30,18:00"),
        Options(now=GIVEN.now, max_gap=timedelta(hours=1)),
        "As of Tue 10 Mar 16:00: unknown: no poll in business hours is near enough. Last poll in business hours Tue 10 "
        "Mar 10:00.",
    ),
    "open always, one outage": (
        ("09 12:00:00,inactive", "09 14:00:00,active", "10 19:00:00,active"),
        (),
        GIVEN,
        "As of Tue 10 Mar 16:00: up. Last poll Tue 10 Mar 15:00: active. Down last until Mon 9 Mar 10:00. No business "
        "hours are given for it, so it counts as always open.",
    ),
    "hours unknown": (
        ("10 19:00:00,active",),
        ("a,9,06:00,18:00",),
        GIVEN,
        "As of Tue 10 Mar 16:00: nothing can be said: none of its business hours can be read. Last poll Tue 10 Mar "
        "15:00: active.",
    ),
}


@pytest.mark.parametrize(("polls", "hours", "options", "said"), WORLDS.values(), ids=WORLDS)
def test_the_words_follow_from_the_report(
    tmp_path: Path, polls: tuple[str, ...], hours: tuple[str, ...], options: Options, said: str
) -> None:
    words = shown(tmp_path, polls, hours, options).words
    assert " ".join(map(as_text, (words.head, *words.rest))) == said


def test_an_outage_over_a_closed_night_is_one_with_its_bounds_and_polls(tmp_path: Path) -> None:
    polls = ("09 19:00:00,active", "09 21:00:00,inactive", "10 10:30:00,inactive", "10 12:00:00,active")
    (outage,) = shown(tmp_path, polls, DAILY, GIVEN).outages
    there = [f"{instant:%a %H:%M}" for instant in (outage.start, outage.end)]
    assert there == ["Mon 17:00", "Tue 08:00"]
    assert [outage.seconds, outage.least, outage.most] == [3 * 3600, 0, 5 * 3600]
    assert (len(outage.polls), outage.ends) == (2, "active poll")
    assert outage.last - outage.first == 1  # drawn before the night, and after it


@pytest.mark.parametrize(
    ("polls", "options", "said"),
    [
        (("10 19:00:00,active",), GIVEN, ["no down time"] * 8),
        (("10 19:00:00,inactive",), GIVEN, ["down 10 h", *["down 12 h"] * 6, "down 3 h"]),
        (("10 19:00:00,active",), replace(GIVEN, max_gap=timedelta(hours=1)), ["no down time known", *["unknown"] * 7]),
    ],
    ids=["up", "down", "unknown"],
)
def test_a_day_says_how_long_it_was_down_where_that_is_known(
    tmp_path: Path, polls: tuple[str, ...], options: Options, said: list[str]
) -> None:
    days = shown(tmp_path, polls, DAILY, options).days
    assert [day.lost for day in days] == said
    assert [day.is_down for day in days] == [words.startswith("down") for words in said]


# Days of 13 weeks -----------------------------------------------------------------------------------------------------


def dated(*days_before: float) -> list[DatedReport]:
    return [DatedReport(str(days), NOW - timedelta(days=days)) for days in days_before]


STEPS: dict[str, tuple[tuple[float, ...], list[str]]] = {
    "one each week": ((0, 7, 14, 21), ["7", "14", "21"]),
    "the nearest to a week before": ((0, 1, 6.9, 7.5, 14), ["6.9", "14"]),
    "over a gap": ((0, 30, 37), ["30", "37"]),
    "alone": ((0,), []),
    "none that has next to nothing of its own": ((0, 0.5), []),
    "thirteen weeks at most": (tuple(range(0, 120, 7)), [str(7 * number) for number in range(1, 13)]),
    "of a report that is older than lanes": ((7, 14), ["7", "14"]),
}


@pytest.mark.parametrize(("days", "expected"), STEPS.values(), ids=STEPS)
def test_each_step_goes_to_the_report_nearest_to_a_week_before(days: tuple[float, ...], expected: list[str]) -> None:
    assert [report.id for report in weekly_steps(NOW, dated(*days))] == expected


def half_down() -> Frames:
    """A store that is down in the first half of its business hours."""
    return frames(
        lines(POLLS, *(f"a,2026-03-{poll}" for poll in HALF_DOWN)), lines(HOURS, *DAILY), lines(ZONES, "a,UTC")
    )


def built(now: datetime) -> Report:
    return build_report_with_lanes(half_down(), Options(now=now))


HALF_DOWN = [
    f"{day:02} {hour:02}:00:00,{'inactive' if hour < 12 else 'active'}" for day in range(1, 17) for hour in (6, 12)
]


DAY_S, HALF_S = 720 * 60, 360 * 60
MINUTE_US = 60_000_000


def test_the_days_of_one_report_are_those_of_its_groups() -> None:
    report = built(MONDAY)
    lengths = [f"{kind}_minutes" for kind in ("open", "down", "unknown")]
    found = store_days(report, report.plan.horizon.now_us).select(
        "date", *(pl.col(name.replace("minutes", "us")).floordiv(MINUTE_US).alias(name) for name in lengths)
    )
    assert found.equals(group_days(report, ()).select(found.columns))
    assert found["open_minutes"].to_list() == [180, *[720] * 6, 540]


def test_the_days_of_a_timeline_are_those_of_lanes_but_exact() -> None:
    report = built(MONDAY)
    exact = timeline_days(explain(half_down(), report, "a"))
    assert exact.equals(store_days(report, report.plan.horizon.now_us))  # all of it on the minute
    odd = build_report_with_lanes(half_down(), Options(now=MONDAY.replace(hour=8, minute=1, second=20)))
    (last,) = timeline_days(explain(half_down(), odd, "a"))[-1].rows(named=True)
    assert (last["open_us"], last["down_us"], last["unknown_us"]) == ((2 * 3600 + 80) * 1_000_000,) * 2 + (0,)
    assert (last["covered_us"], last["day_us"]) == ((8 * 3600 + 80) * 1_000_000, 86_400_000_000)


def test_the_calendar_of_a_store_says_of_its_week_what_the_rows_of_the_week_say(tmp_path: Path) -> None:
    # Every stretch begins and ends within a minute, where a lane says another minute than the rows.
    minutes = ((12, 31, "active"), (15, 29, "inactive"), (18, 59, "active"))
    polls = tuple(
        f"{day:02} {hour}:{day:02}:{second},{status}" for day in range(3, 11) for hour, second, status in minutes
    )
    week = shown(tmp_path / "week", polls, DAILY, GIVEN)
    own = seen(tmp_path / "own", polls, DAILY, GIVEN, own_week)
    assert own.days is not None
    told = json.loads(calendar(own, [("own", own.days)], [], 0))["days"]
    said = [f"down {format_duration(day['down'])}" if day["down"] else "no down time" for day in told]
    assert said == [day.lost for day in reversed(week.days)]
    assert any(day["down"] % 60 for day in told)


def test_a_date_in_two_reports_is_whole_and_one_that_both_have_counts_once() -> None:
    late, early = (built(datetime(2026, 3, day, 15, tzinfo=UTC)) for day in (16, 11))
    until = late.plan.horizon.now_us - WEEK // timedelta(microseconds=1)
    days = joined_days([store_days(late, late.plan.horizon.now_us), store_days(early, until)])
    told = days.filter(pl.col("date") == date(2026, 3, 9)).row(0, named=True)
    assert [told[f"{kind}_us"] // MINUTE_US for kind in ("covered", "open", "down")] == [1440, 720, 360]
    assert (told["uptime_percent"], told["report"]) == (Decimal("50.00"), 1)
    assert [us // MINUTE_US for us in days["open_us"]] == [180, *[720] * 11, 540]
    assert days.height == 13


def own_of(report: Report) -> OwnWeek:
    return OwnWeek(MONDAY, MONDAY.date(), timeline_days(explain(half_down(), report, "a")))


def test_reports_by_periods_fill_the_days_that_no_other_has_and_none_after_now() -> None:
    own = own_of(built(MONDAY))
    assert own.days is not None
    later = Options(now=MONDAY + timedelta(days=3))
    by_day = build_periods(half_down(), Period(start="2026-03-05", end="2026-03-19", by="day"), later)
    stored = StoredFigures(archive_periods(by_day).figures, None, None, None)
    told: dict[str, Any] = json.loads(calendar(own, [("week", own.days)], [period_days(stored, "a", "periods")], 2))
    assert [day["date"] for day in told["days"]] == [f"2026-03-{day:02}" for day in range(5, 17)]
    assert [day["by_periods"] for day in told["days"]] == [True] * 5 + [False] * 7  # the first of the week is not whole
    assert {(day["open"], day["down"], day["percent"]) for day in told["days"][:-1]} == {(DAY_S, HALF_S, 50.0)}
    assert (told["days"][-1]["open"], told["days"][-1]["is_whole"]) == (540 * 60, False)  # to its now
    assert (told["reports"], told["passed_over"], told["max_gap_s"]) == (2, 2, 86_400)


def test_of_a_store_without_hours_no_day_is_said_to_be_closed(tmp_path: Path) -> None:
    own = seen(tmp_path, ("10 19:00:00,active",), ("a,9,06:00,18:00",), GIVEN, own_week)
    assert own.days is None
    assert json.loads(calendar(own, [], [], 1)) == {
        "days": [],
        "reports": 0,
        "passed_over": 1,
        "max_gap_s": None,
        "hours_unknown": True,
    }


# Over a service -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def polled(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A store that is down from noon to 14:30 on Mondays, and all of the last day, which ends on the minute."""
    days = [f"2026-{month:02}-{day:02}" for month, day in ((2, 23), (3, 2), (3, 9))]
    polls = [f"{day} {poll}" for day in days for poll in ("10:00:00,active", "12:00:00,inactive", "14:30:00,active")]
    rows = [f"{store},{poll}" for store in (SHOP, OTHER) for poll in (*polls, "2026-03-10 09:30:00,inactive")]
    feed = written_feed(
        tmp_path_factory.mktemp("store") / "feed",
        polls=lines(POLLS, *rows, f"{OTHER},2026-03-10 16:00:00,active"),
        hours=lines(HOURS, *(f"{store},{day},09:00,17:00" for store in (SHOP, OTHER) for day in range(7))),
        zones=lines(ZONES, f"{SHOP},UTC", f"{OTHER},America/New_York"),
    )
    with fresh_database(server) as url:
        loaded(url, feed)
        yield url


service = pytest.fixture(served, scope="module")


@pytest.fixture(scope="module")
def reports(service: Service) -> list[str]:
    """The newest report, one of a week before, and one of two."""
    with service.client() as client:
        earlier = [complete(client, now=f"2026-{day}T16:00:00Z") for day in ("02-24", "03-03")]
        return [complete(client), *reversed(earlier)]


def figure(html: str, name: str) -> str:
    found = re.search(rf'data-figure="{name}">([^<]*)<', html)
    assert found is not None, name
    return found[1]


def test_every_large_figure_is_the_one_of_the_api(client: httpx.Client, reports: list[str]) -> None:
    (row,) = client.get(
        f"/get_report/{reports[0]}", params={"columns": "extended", "search": SHOP, "format": "json"}
    ).json()["stores"]
    print(
        client.get(f"/get_report/{reports[0]}", params={"columns": "extended", "search": SHOP, "format": "json"}).text[
            :300
        ],
        client.get(f"/reports/{reports[0]}/now").text[:1500],
    )
    (now,) = (each for each in client.get(f"/reports/{reports[0]}/now").json()["stores"] if each["store_id"] == SHOP)
    html = client.get(f"/view/{reports[0]}/store", params={"store_id": SHOP}).text
    seconds = {"hour": 60, "day": 3600, "week": 3600}
    for window, unit in seconds.items():
        assert f"{row[f'uptime_percent_last_{window}']:.2f} %" in html
        for kind in ("downtime", "unknown", "business"):
            assert figure(html, f"{kind}_last_{window}") == format_duration(row[f"{kind}_last_{window}"] * unit)
        assert figure(html, f"polls_last_{window}") == str(row[f"polls_last_{window}"])
    assert row["downtime_last_day"] == 7.0
    assert f"▼ {abs(now['change_day']):.2f} points worse than the day before" in html
    assert now["down_since_utc"] == "2026-03-10T09:00:00.000000Z"
    assert re.search(
        r'down when last seen, since <time class="own" datetime="2026-03-10T09:00:00\+00:00">', html, re.IGNORECASE
    )


def test_its_days_come_from_the_weeks_of_several_reports(client: httpx.Client, reports: list[str], polled: str) -> None:
    address, query = f"/view/{reports[0]}/store/days.json", {"store_id": SHOP}
    told = client.get(address, params=query).json()
    assert [told["reports"], told["passed_over"]] == [3, 0]
    days = {day["date"]: day for day in told["days"]}
    assert list(days) == [str(date(2026, 2, 17) + timedelta(days=number)) for number in range(22)]
    for monday, report in (("2026-03-02", reports[1]), ("2026-03-09", reports[0])):
        assert (days[monday]["down"], days[monday]["open"], days[monday]["report_id"]) == (9000, 28_800, report)
    assert [day["date"] for day in told["days"] if not day["is_whole"]] == ["2026-02-17", "2026-03-10"]
    run(polled, f"update store_uptime.report set lanes = convert_to('{ENCRYPTED}', 'utf8') where id = '{reports[1]}'")
    told = client.get(address, params=query).json()
    assert [told["reports"], told["passed_over"]] == [2, 1]
    assert "2026-03-01" not in [day["date"] for day in told["days"]]


@pytest.mark.parametrize("data", ["fleet.json", f"store/days.json?store_id={SHOP}"])
@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html,*/*"])
def test_a_problem_with_the_data_of_a_view_is_json(client: httpx.Client, data: str, accept: str) -> None:
    gone = complete(client, now="2026-03-01T00:00:00Z")
    client.delete(f"/reports/{gone}").raise_for_status()
    answer = client.get(f"/view/{gone}/{data}", headers={"Accept": accept})
    assert (answer.status_code, answer.json()["error"]) == (410, "This report is not kept any more. Trigger a new one.")


def test_every_script_asks_for_json_and_says_an_error_in_a_sentence() -> None:
    scripts = {file.name: file.read_text(encoding="utf-8") for file in ASSETS.glob("*.js")}
    fetches = [line for text in scripts.values() for line in text.splitlines() if " fetch(" in f" {line.lstrip()}"]
    assert len(fetches) >= 3
    # The view itself is fetched as a page; an address that ends in .json has problems in JSON always.
    asked = re.compile(r"headers|JSON_ALONE|location\.href|\.json`")
    assert [line for line in fetches if not asked.search(line)] == []
    shown = re.compile(r"(textContent = |showMessage\(|showInBar\(|showNext\()error\.message")
    assert [name for name, text in scripts.items() if shown.search(text)] == []


def test_a_view_is_marked_as_what_leads_to_it(client: httpx.Client, reports: list[str]) -> None:
    def marked(address: str) -> list[str]:
        return re.findall(r'aria-current="[^"]*">([^<]*)<', client.get(address).text.split("</nav>")[0])

    by_periods = complete(client, period="2026-03-01/2026-03-03")
    old, new = reports[1], reports[0]
    assert marked("/") == marked(f"/view/{new}/store?store_id={SHOP}") == marked(f"/view/{new}/data") == ["Now"]
    others = (f"/view/{old}", f"/view/{old}/store?store_id={SHOP}", f"/view/{old}/data", f"/view/{by_periods}")
    assert [marked(address) for address in (*others, f"/compare?old={old}&new={new}")] == [["Reports"]] * 5


def test_a_comparison_says_why_reports_may_differ_for_another_reason(client: httpx.Client, reports: list[str]) -> None:
    def notes(old: str, new: str) -> list[str]:
        return re.findall(r'<p class="warning">(.*?)</p>', client.get("/compare", params={"old": old, "new": new}).text)

    other = complete(client, max_gap="2h")
    assert not any("differ" in note or "week" in note for note in notes(reports[1], reports[0]))
    options = "Before: all stores. After: all stores, a poll counts for at most 2h."
    assert any("Their options differ" in note and options in note for note in notes(reports[0], other))
    assert any(note.startswith("Both are of the same week") for note in notes(reports[0], other))
    assert any(note.startswith("This is one uptime report") for note in notes(other, other))
    assert any("the later one" in note for note in notes(reports[0], reports[1]))


@pytest.mark.long  # a browser
@pytest.mark.parametrize(
    "look",
    [{}, {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True}],
    ids=["", "phone"],
)
def test_it_can_be_read_and_walked_by_everybody(
    chromium: Browser, service: Service, client: httpx.Client, reports: list[str], look: dict[str, Any]
) -> None:
    with opened(chromium, service.url, timezone_id="Asia/Kolkata", **look) as page:
        kept = json.dumps({"words": "down now, longest first", "ids": [SHOP, OTHER]})
        page.add_init_script(f"sessionStorage.setItem('list:{reports[0]}', {kept!r})")
        page.goto(f"/view/{reports[0]}/store?store_id={SHOP}")
        labels = "[...document.querySelectorAll('[data-part]')].map((piece) => piece.ariaLabel)"
        written = re.findall(r'role="img" aria-label="([^"]*)"', page.request.get(page.url).text())
        assert page.evaluate(labels) == written
        page.locator("#days [tabindex='0']").focus()
        expect(page.locator("#days .tip")).to_contain_text(
            "Last known status down, Tue 10 Mar 11:30 +00:00 to 16:00 +00:00"
        )
        page.get_by_label("Clock that times are shown on").select_option("mine")
        expect(page.locator("#days .tip")).to_contain_text("Tue 10 Mar 17:00 +05:30 to 21:30 +05:30")
        expect(page.locator(".verdict strong")).to_have_text("Down when last seen, since Tue 10 Mar 14:30 (7 h).")
        page.locator("#calendar-body").scroll_into_view_if_needed()
        page.locator("#calendar-body a[tabindex='0']").focus()
        page.keyboard.press("ArrowUp")
        expect(page.locator("#calendar-body .tip")).to_have_text(
            "Mon 9 Mar: 68.75 % up, down 2 h 30 min, unknown 0 min, open 8 h"
        )
        assert faults(page) == []
        assert overflow(page) == 0
        assert page.locator("#days svg").first.evaluate("svg => svg.querySelector('.inside').getBBox().height") >= 28
        expect(page.locator("#neighbours")).to_contain_text("1 of 2 down now, longest first")
        page.keyboard.press("]")
        expect(page.locator("h1")).to_contain_text(OTHER)
        expect(page.locator("#neighbours")).to_contain_text("2 of 2 down now")  # its script listens to keys by then
        page.keyboard.press("[")
        expect(page.locator("h1")).to_contain_text(SHOP)
        gone = complete(client, now="2026-03-01T00:00:00Z")
        page.set_viewport_size({"width": 600, "height": 200})  # what is below is not loaded yet
        page.goto(f"/view/{gone}/store?store_id={SHOP}")
        client.delete(f"/reports/{gone}").raise_for_status()
        page.locator("#calendar-body").scroll_into_view_if_needed()
        expect(page.locator("#calendar-body")).to_contain_text("This report is not kept any more.")
