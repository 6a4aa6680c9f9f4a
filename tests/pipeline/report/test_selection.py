"""A selection is the rows that fit and nothing else; a report without one is written as ever."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import polars as pl
import pytest

from store_uptime.pipeline import (
    Frames,
    Options,
    Report,
    Selection,
    UnknownAttribute,
    UnknownValue,
    archive,
    build_report,
    build_report_with_lanes,
    restore,
    select,
)
from store_uptime.pipeline.report.only_chosen import only_chosen
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines

NOW = datetime(2024, 10, 14, 12, tzinfo=UTC)  # a Monday
EMPTY = Selection()
FEED = frames(
    lines(
        POLLS,
        "Corner.Shop,2024-10-14 11:30:00,inactive",
        "cornerXshop,2024-10-14 11:30:00,active",
        "half,2024-10-14 11:00:00,active",
        "half,2024-10-14 11:30:00,inactive",
        "was down,2024-10-14 09:00:00,inactive",
        "unknown hours,2024-10-14 11:30:00,inactive",
        "no evidence,2024-10-14 11:30:00,inactive",
        "ÉTÉ,2024-10-14 11:30:00,active",
    ),
    lines(
        HOURS,
        "half,0,11:00,12:00",
        "was down,0,08:00,10:00",
        "unknown hours,9,08:00,10:00",
        "no evidence,1,08:00,10:00",
    ),
    lines(ZONES, *(f"{store},UTC" for store in ("half", "was down", "no evidence")), "ÉTÉ,Europe/Paris"),
)
EVERY = ["Corner.Shop", "cornerXshop", "half", "no evidence", "unknown hours", "was down", "ÉTÉ"]


def report(source: Frames = FEED, **options: Any) -> Report:
    return build_report(source, Options(now=NOW, **options))


NAMES = pl.DataFrame(
    {
        "store_id": ["half", "was down", "ÉTÉ", "elsewhere"],
        "name": ["Half a Shop", None, "Chez Été", "Gone"],
        "city": ["Rome", "Rome", None, "Oslo"],
    }
)


def named(whole: Report, **changes: Any) -> Report:
    """A report of a source with a table of stores."""
    return replace(whole, attributes=NAMES, **changes)


def stores(selection: Selection, whole: Report | None = None) -> list[str]:
    return select(whole or report(), selection).exact["store_id"].to_list()


CASES: dict[str, tuple[Selection, list[str]]] = {
    "nothing in particular": (EMPTY, EVERY),
    "a window alone": (Selection(window="day"), EVERY),
    "text in either case": (Selection(search="CORNER"), ["Corner.Shop", "cornerXshop"]),
    "text is not a pattern": (Selection(search="r.s"), ["Corner.Shop"]),
    "text in other alphabets": (Selection(search="été"), ["ÉTÉ"]),
    "text with a space": (Selection(search=" "), ["no evidence", "unknown hours", "was down"]),
    "text that no id has": (Selection(search="("), []),
    "down now": (Selection(down_now=True), ["Corner.Shop", "half"]),
    "below, in the week": (Selection(below=50.01), ["Corner.Shop", "half", "was down"]),
    "below is less, not equal": (Selection(below=50), ["Corner.Shop", "was down"]),
    "below, in the hour: one that was closed has no percent": (
        Selection(below=100, window="hour"),
        ["Corner.Shop", "half"],
    ),
    "below 0 is nothing": (Selection(below=0), []),
    "one zone": (Selection(zone="Europe/Paris"), ["ÉTÉ"]),
    "the zone that is assumed": (
        Selection(zone="America/Chicago"),
        ["Corner.Shop", "cornerXshop", "unknown hours"],
    ),
    "a part of a zone's name": (Selection(zone="Europe"), []),
    "unknown": (Selection(unknown=True), ["no evidence", "unknown hours"]),
    "unknown, in the hour": (Selection(unknown=True, window="hour"), ["unknown hours"]),
    "all that is set must hold": (Selection(search="h", down_now=True, below=60, zone="UTC"), ["half"]),
}


@pytest.mark.parametrize(("selection", "expected"), CASES.values(), ids=CASES)
def test_the_stores_that_fit_in_their_order(selection: Selection, expected: list[str]) -> None:
    assert stores(selection) == expected


def test_time_beyond_max_gap_is_unknown() -> None:
    assert "half" in stores(Selection(unknown=True), report(max_gap=timedelta(minutes=10)))


@pytest.mark.parametrize("part", [1, 4_999, 5_000, 9_499, 9_501, 9_999, 10_000])
def test_below_looks_at_the_percent_as_it_is_written(part: int) -> None:
    whole = report()
    share = pl.lit(part, pl.Int64)
    row = whole.exact.head(1).with_columns(uptime_last_week_us=share, downtime_last_week_us=10_000 - share)
    figures = Report(whole.plan, row, whole.quality, whole.rejects)
    written = figures.extended["uptime_percent_last_week"].item()
    assert written == Decimal(part) / 100
    assert stores(Selection(below=float(written)), figures) == []
    assert stores(Selection(below=float(written) + 0.001), figures) == ["Corner.Shop"]


def test_a_share_that_is_rounded_up_is_not_below() -> None:
    whole = report()
    row = whole.exact.head(1).with_columns(
        uptime_last_week_us=pl.lit(94_996, pl.Int64), downtime_last_week_us=pl.lit(5_004, pl.Int64)
    )
    assert stores(Selection(below=95), Report(whole.plan, row, whole.quality, whole.rejects)) == []


# The report -----------------------------------------------------------------------------------------------------------


def test_nothing_selected_is_the_report_itself() -> None:
    whole = report()
    assert select(whole, EMPTY) is whole
    assert "selection" not in whole.provenance


def test_the_figures_are_those_of_the_whole() -> None:
    whole = report()
    part = select(whole, Selection(down_now=True))
    assert part.extended.equals(whole.extended.filter(pl.col("store_id").is_in(["Corner.Shop", "half"])))
    assert part.exact.schema == whole.exact.schema
    assert part.quality == whole.quality


ASKED: dict[str, tuple[Selection, dict[str, object]]] = {
    "below": (Selection(below=95.0), {"below": 95.0, "window": "week"}),
    "below 0": (Selection(below=0, window="day"), {"below": 0, "window": "day"}),
    "unknown": (Selection(unknown=True, window="hour"), {"unknown": True, "window": "hour"}),
    "down now": (Selection(down_now=True, window="hour"), {"down_now": True}),
    "text and zone": (Selection(search="a", zone="UTC"), {"search": "a", "zone": "UTC"}),
}


@pytest.mark.parametrize(("selection", "asked"), ASKED.values(), ids=ASKED)
def test_the_provenance_tells_what_was_set(selection: Selection, asked: dict[str, object]) -> None:
    part = select(report(), selection)
    assert part.provenance["selection"] == asked
    assert json.loads(part.json())["provenance"]["selection"] == asked
    assert part.selection == selection


def test_a_workbook_tells_it_too() -> None:
    assert select(report(), Selection(search="corner")).xlsx()


def test_the_lanes_are_those_of_the_rows() -> None:
    whole = build_report_with_lanes(FEED, Options(now=NOW))
    part = select(whole, Selection(search="half"))
    assert whole.lanes is not None
    assert part.lanes is not None
    of_half = whole.lanes.filter(store=EVERY.index("half"))
    assert of_half.height == 2
    assert part.lanes.equals(of_half.with_columns(store=pl.lit(0, pl.UInt32)))


def test_what_can_be_saved_is_the_whole() -> None:
    with pytest.raises(ValueError, match="whole report"):
        archive(select(report(), Selection(down_now=True)))


# Names and attributes -------------------------------------------------------------------------------------------------

ONLY: dict[str, tuple[Selection, list[str]]] = {
    "a value": (Selection(only=(("city", ("Rome",)),)), ["half", "was down"]),
    "several values": (Selection(only=(("city", ("", "Rome")),)), EVERY),
    "none": (Selection(only=(("city", ("",)),)), [store for store in EVERY if store not in {"half", "was down"}]),
    "several attributes": (Selection(only=(("city", ("Rome",)), ("name", ("",)))), ["was down"]),
    "an id": (Selection(only=(("store_id", ("half", "elsewhere")),)), ["half"]),
    "a text in a name": (Selection(search="CHEZ"), ["ÉTÉ"]),
    "a text in an id or a name": (Selection(search="shop"), ["Corner.Shop", "cornerXshop", "half"]),
    "a value among those that are down": (Selection(down_now=True, only=(("city", ("",)),)), ["Corner.Shop"]),
}


@pytest.mark.parametrize(("selection", "expected"), ONLY.values(), ids=ONLY)
def test_stores_are_selected_by_names_and_attributes(selection: Selection, expected: list[str]) -> None:
    assert stores(selection, named(report())) == expected


def test_an_attribute_that_there_is_none_of_is_an_error() -> None:
    with pytest.raises(UnknownAttribute, match="there is 'store_id'"):
        stores(Selection(only=(("city", ("Rome",)),)))


def test_names_are_in_json_and_xlsx_and_in_no_other_file() -> None:
    bare, whole = report(), named(report())
    assert (whole.csv(), whole.parquet()) == (bare.csv(), bare.parquet())
    rows = json.loads(whole.json("extended"))["stores"]
    assert [list(row)[:2] for row in rows] == [["store_id", "name"]] * len(EVERY)
    assert {row["store_id"]: row["name"] for row in rows if row["name"]} == {"half": "Half a Shop", "ÉTÉ": "Chez Été"}
    sheet = openpyxl.load_workbook(io.BytesIO(whole.xlsx()))["report"]
    assert [cell.value for cell in sheet["B"]] == ["name", *[row["name"] for row in rows]]


def test_names_are_kept() -> None:
    kept = archive(named(report()))
    found = restore(kept.figures, kept.plan, attributes=kept.attributes)
    assert found.attributes is not None
    assert found.attributes.equals(NAMES)
    [one] = json.loads(restore(kept.figures, store="half", attributes=kept.attributes).json())["stores"]
    assert one["name"] == "Half a Shop"
    assert archive(report()).attributes is None


# Stores that a report is made of --------------------------------------------------------------------------------------


def only(**values: str) -> Report:
    """The report of stores with these values alone."""
    whole = build_report_with_lanes(FEED, Options(now=NOW))
    return only_chosen(named(whole, plan=replace(whole.plan, options=Options(now=NOW, only=values))))


def test_a_report_of_chosen_stores_has_their_figures_plan_and_lanes_and_can_be_kept() -> None:
    whole, part = build_report_with_lanes(FEED, Options(now=NOW)), only(city="Rome")
    chosen = ["half", "was down"]
    assert part.exact.equals(whole.exact.filter(pl.col("store_id").is_in(chosen)))
    assert part.plan.stores.select("store", "store_id").rows() == list(enumerate(chosen))
    assert named_rows(part.plan.intervals, part) == [
        row for row in named_rows(whole.plan.intervals, whole) if row[0] in chosen
    ]
    assert part.lanes is not None and whole.lanes is not None  # noqa: PT018
    assert named_rows(part.lanes, part) == [row for row in named_rows(whole.lanes, whole) if row[0] in chosen]
    assert part.provenance.get("only") == {"city": ["Rome"]}
    kept = archive(part)
    found = restore(kept.figures, kept.plan, kept.rejects, kept.lanes, attributes=kept.attributes)
    assert (found.quality, found.plan.options, found.json()) == (part.quality, part.plan.options, part.json())


def named_rows(rows: pl.DataFrame, whole: Report) -> list[tuple[Any, ...]]:
    """Rows with the id of their store in place of its number."""
    named = rows.join(whole.plan.stores.select("store", "store_id"), on="store")
    return named.select("store_id", *rows.columns[1:]).rows()


@pytest.mark.parametrize(
    ("values", "raised", "message"),
    [
        ({"brand": "x"}, UnknownAttribute, "no attribute 'brand': there is 'store_id', 'name', 'city'"),
        ({"city": "rome"}, UnknownValue, "no store has 'rome' as its city: there is 'Oslo', 'Rome'"),
        ({"store_id": "nobody"}, UnknownValue, "no store has 'nobody' as its store_id: there is 'Corner.Shop', "),
    ],
)
def test_stores_that_nobody_has_are_an_error(values: dict[str, str], raised: type[Exception], message: str) -> None:
    with pytest.raises(raised, match=message):
        only(**values)


def test_a_value_of_a_store_without_polls_is_known() -> None:
    assert only(city="Oslo").exact.is_empty()
