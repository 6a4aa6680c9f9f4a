"""Names of downloaded files say what they hold, in letters that every system takes."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, cast

import pytest

from store_uptime.pipeline import Options, Period, Selection
from store_uptime.service.registry.reports import ReportRow
from store_uptime.service.registry.states import ReportState
from store_uptime.service.routes.file_names import LONGEST, attachment, by_words, part_name, rejects_name, stores_name

if TYPE_CHECKING:
    from store_uptime.service.registry.rows import StoredOptions

NOW = datetime(2026, 3, 10, 16, 58, tzinfo=timezone(timedelta(hours=1)))


def of(period: Period | None = None) -> ReportRow:
    """The row of a complete report."""
    options = cast("StoredOptions", {**Options(period=period).to_dict(), "columns": "plain"})
    return ReportRow(
        id="0123456789abcdef" * 2,
        status=ReportState.COMPLETE,
        options=options,
        requested_by=None,
        requested_at=NOW,
        started_at=NOW,
        finished_at=NOW,
        step=None,
        error=None,
        stores=3,
        schedule=None,
        due_at=None,
        is_late=False,
        missed_due_times=0,
        tries=0,
        not_before=None,
        seconds=0.0,
        warnings=[],
        warning_codes=[],
        as_of=NOW,
    )


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(), ""),
        (Selection(down_now=True), "down-now-"),
        (Selection(below=95.0), "below-95-week-"),
        (Selection(below=99.5, window="day", unknown=True), "below-99.5-day-unknown-day-"),
        (Selection(only=(("city", ("Berlin",)), ("brand", ("", "A&B")))), "city-Berlin-brand-none-A-B-"),
        (Selection(only=(("city", ("São Paulo",)),)), "city-Sao-Paulo-"),
        (Selection(zone="Europe/Berlin", search="../pizza"), "zone-Europe-Berlin-search-..-pizza-"),
        (Selection(search='"; filename="x'), "search-filename-x-"),
        (Selection(search="ピザ"), "search-"),
    ],
    ids=str,
)
def test_a_file_of_stores_says_which(selection: Selection, words: str) -> None:
    assert stores_name(of(), selection, "xlsx") == f"stores-{words}2026-03-10T1558Z.xlsx"


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (Period("last-week", by="day"), "last-week-by-day"),
        (Period("2024-02-20/2024-03-20"), "2024-02-20-to-2024-03-20"),
        (Period(start="2024-02-20", on="Europe/Berlin"), "2024-02-20-to-now-on-Europe-Berlin"),
    ],
    ids=str,
)
def test_one_by_periods_says_of_which(period: Period, words: str) -> None:
    assert stores_name(of(period), Selection(), "csv") == f"stores-{words}-2026-03-10T1558Z.csv"
    groups = part_name(of(period), ["groups", *by_words(["brand", "city"])], Selection(), "json")
    assert groups == f"groups-by-brand-city-{words}-2026-03-10T1558Z.json"


def test_a_long_name_is_cut_and_keeps_its_time_and_its_ending() -> None:
    name = stores_name(of(), Selection(search="pizza " * 100), "parquet")
    assert len(name) <= LONGEST
    assert re.fullmatch(r"stores-search-pizza[a-z-]*[a-z]-2026-03-10T1558Z\.parquet", name)


def test_without_a_time_it_has_the_id() -> None:
    assert rejects_name(replace(of(), as_of=None), "polls") == "rejected-polls-01234567.csv"
    assert rejects_name(of(), "polls") == f"rejected-polls-{NOW.astimezone(UTC):%Y-%m-%dT%H%MZ}.csv"


def test_the_header_needs_no_other_form() -> None:
    name = stores_name(of(), Selection(search="\r\nSet-Cookie: a=b\\"), "csv")
    assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]{1,80}"', attachment(name))
