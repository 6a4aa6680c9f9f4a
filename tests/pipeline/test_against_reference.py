"""Every figure of the pipeline against the plain reference in tests/support/reference.py, on made-up worlds."""

import csv
import io
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings, strategies as st

from store_uptime.pipeline import Frames, Options, Report, build_report_with_lanes
from store_uptime.pipeline.errors import NoPolls
from tests.support.profiles import examples
from tests.support.reference import (
    CLOSED,
    EPOCH,
    HOUR,
    MINUTE,
    UNITS,
    UNKNOWN,
    WINDOWS,
    Answer,
    Row,
    instant,
    micros,
    newest,
    poll_of,
    reference_answer,
    trouble_with_poll,
    written,
)
from tests.support.worlds import EVERY_TEXT_AT, World, every_text, moment, shuffled, sparse_worlds, worlds

Figures = dict[str, Any]

COLUMNS = {
    "polls": ["store_id", "timestamp_utc", "status"],
    "hours": ["store_id", "day_of_week", "start_time_local", "end_time_local"],
    "zones": ["store_id", "timezone_str"],
}


def source_of(world: World) -> Frames:
    tables = {"polls": world.polls, "hours": world.hours, "zones": world.zones}
    frames = {
        name: pl.DataFrame([dict(row) for row in rows], schema=dict.fromkeys(COLUMNS[name], pl.String))
        for name, rows in tables.items()
    }
    return Frames(frames["polls"], frames["hours"], frames["zones"])


def report_of(world: World, store: str | None = None, until: datetime | None = None) -> Report:
    options = Options(now=world.now, store=store, max_gap=world.max_gap, lookback=world.lookback, until=until)
    return build_report_with_lanes(source_of(world), options)


def answer_of(world: World) -> Answer:
    return reference_answer(
        world.polls, world.hours, world.zones, now=world.now, lookback=world.lookback, max_gap=world.max_gap
    )


# One dict per store, from either side ---------------------------------------------------------------------------------


def expected_figures(row: Row) -> Figures:
    figures: Figures = {"last poll": row.last_poll_us, "last status": row.last_status}
    figures |= {"zone": row.timezone, "always open": row.always_open, "cells": row.cells()}
    figures |= {"down now": row.down_now, "down since": row.down_since_us, "lane": row.lane}
    for name, window in row.windows.items():
        figures |= {
            f"up {name}": window.up,
            f"down {name}": window.down,
            f"unknown {name}": window.unknown,
            f"business {name}": window.business,
            f"polls {name}": window.polls,
            f"percent {name}": window.percent,
            f"written {name}": [written(value, UNITS[name]) for value in (window.unknown, window.business)],
        }
    return figures


def text(value: object) -> str:
    return "" if value is None else str(value)


def reported_figures(report: Report) -> dict[str, Figures]:
    cells = list(csv.reader(io.StringIO(report.csv("plain").decode(), newline="")))[1:]
    rows = zip(report.exact.iter_rows(named=True), report.extended.iter_rows(named=True), cells, strict=True)
    return {
        exact["store_id"]: reported_row(exact, extended, texts) | {"lane": lane(report, number)}
        for number, (exact, extended, texts) in enumerate(rows)
    }


def lane(report: Report, number: int) -> list[tuple[int, int]]:
    """The changes of the store in a row of the report."""
    assert report.lanes is not None
    return report.lanes.filter(store=number).select("minute", "status").rows()


def reported_row(exact: Figures, extended: Figures, cells: list[str]) -> Figures:
    last: datetime = extended["last_poll_utc"]
    figures: Figures = {"last poll": micros(last), "last status": extended["last_status"]}
    figures |= {"zone": extended["timezone"], "always open": extended["always_open"], "cells": cells}
    figures |= {"down now": exact["down_now"]}
    figures |= {"down since": exact["down_since_us"] if exact["down_now"] else None}  # it may have closed meanwhile
    for name in WINDOWS:
        figures |= {
            f"up {name}": exact[f"uptime_last_{name}_us"],
            f"down {name}": exact[f"downtime_last_{name}_us"],
            f"unknown {name}": exact[f"unknown_last_{name}_us"],
            f"business {name}": exact[f"business_last_{name}_us"],
            f"polls {name}": extended[f"polls_last_{name}"],
            f"percent {name}": text(extended[f"uptime_percent_last_{name}"]),
            f"written {name}": [text(extended[f"{part}_last_{name}"]) for part in ("unknown", "business")],
        }
    return figures


def expected_quality(answer: Answer) -> Figures:
    quality = answer.quality
    tables = {name: (counts.read, counts.accepted, counts.rejected) for name, counts in quality.tables.items()}
    facts = {"duplicates": quality.duplicates, "contradictory": quality.contradictory, "now": answer.now_us}
    facts |= {"warnings": quality.warnings, "outside": quality.tables["polls"].outside}
    return {**tables, **quality.stores, **facts}


def reported_quality(report: Report) -> Figures:
    quality = report.quality
    tables = {
        name: (counts.read, counts.accepted, {reason: n for reason, n in counts.rejected.items() if n})
        for name, counts in quality.tables.items()
    }
    facts = {
        "duplicates": quality.duplicates,
        "contradictory": quality.contradictory,
        "now": report.plan.horizon.now_us,
        "warnings": set(quality.warning_codes),
        "outside": quality.tables["polls"].outside,
    }
    return {**tables, **quality.stores, **facts}


# Comparison -----------------------------------------------------------------------------------------------------------


def differences(expected: Figures, reported: Figures, subject: str) -> list[str]:
    """One line for each figure that is not the same."""
    return [
        f"{subject}: {name}: reference {expected.get(name)!r}, pipeline {reported.get(name)!r}"
        for name in expected | reported
        if name not in expected or name not in reported or expected[name] != reported[name]
    ]


def all_differences(answer: Answer, report: Report) -> list[str]:
    reported = reported_figures(report)
    found = differences(expected_quality(answer), reported_quality(report), "quality")
    if list(reported) != [row.store_id for row in answer.rows]:
        return [*found, f"stores: reference {[row.store_id for row in answer.rows]}, pipeline {list(reported)}"]
    for row in answer.rows:
        found += differences(expected_figures(row), reported[row.store_id], f"store {row.store_id!r}")
    return found


def fail_readably(found: list[str], world: World) -> None:
    if found:
        pytest.fail("\n".join([*found, str(world)]), pytrace=False)


def compare(world: World) -> None:
    answer = answer_of(world)
    if not answer.rows:
        with pytest.raises(NoPolls):
            report_of(world)
        return
    fail_readably(all_differences(answer, report_of(world)), world)


@examples(14)
@given(worlds())
def test_every_figure_is_that_of_the_reference(world: World) -> None:
    compare(world)


@examples(9)
@given(sparse_worlds())
def test_so_it_is_where_polls_are_farther_apart_than_max_gap(world: World) -> None:
    compare(world)


@pytest.mark.long
@settings(examples(28), derandomize=False)
@given(st.one_of(worlds(), sparse_worlds()))
def test_every_figure_is_that_of_the_reference_in_other_worlds_each_time(world: World) -> None:
    compare(world)


@examples(6)
@given(worlds(), st.data())
def test_until_a_moment_the_newest_poll_up_to_it_is_now(world: World, data: st.DataObject) -> None:
    instants = [poll_of(row).at for row in world.polls if trouble_with_poll(row, None) is None]
    assume(instants)
    until = data.draw(st.sampled_from(instants)) + data.draw(st.integers(-1, 1))
    now = newest(world.polls, until)
    assume(now is not None)
    found = report_of(replace(world, now=None), until=moment(until))
    answer = answer_of(replace(world, now=moment(now or 0)))
    if until - (now or 0) > 2 * HOUR:
        answer.quality.warnings.add("old-data")
    fail_readably(all_differences(answer, found), world)


@pytest.mark.anywhere
@pytest.mark.parametrize("now", [None, EVERY_TEXT_AT, EVERY_TEXT_AT + timedelta(hours=24)])
def test_every_awkward_text_is_read_alike(now: datetime | None) -> None:
    compare(every_text(now))


# What holds whatever the reference says -------------------------------------------------------------------------------


def sums_that_fail(report: Report) -> list[str]:
    return [
        f"store {row['store_id']!r}: up + down + unknown is not business in the {name}"
        for row in report.exact.iter_rows(named=True)
        for name in WINDOWS
        if (business := row[f"business_last_{name}_us"]) is not None
        and sum(row[f"{part}_last_{name}_us"] or 0 for part in ("uptime", "downtime", "unknown")) != business
    ]


@examples(6)
@given(worlds())
def test_uptime_downtime_and_unknown_are_the_business_time_to_the_microsecond(world: World) -> None:
    assume(answer_of(world).rows)
    fail_readably(sums_that_fail(report_of(world)), world)


@examples(6)
@given(worlds(), st.data())
def test_the_order_of_the_rows_changes_nothing(world: World, data: st.DataObject) -> None:
    assume(answer_of(world).rows)
    other = data.draw(shuffled(world))
    first, second = report_of(world), report_of(other)
    assert (first.csv("plain"), reported_quality(first)) == (second.csv("plain"), reported_quality(second))


@examples(6)
@given(worlds(), st.data())
def test_a_store_has_the_same_figures_alone_as_in_the_whole(world: World, data: st.DataObject) -> None:
    rows = answer_of(world).rows
    assume(rows)
    store_id = data.draw(st.sampled_from([row.store_id for row in rows]))
    whole, alone = reported_figures(report_of(world)), reported_figures(report_of(world, store_id))
    fail_readably(differences({store_id: whole[store_id]}, alone, "alone"), world)


@examples(6)
@given(worlds())
def test_a_gap_longer_than_the_horizon_is_no_gap(world: World) -> None:
    assume(answer_of(world).rows)
    without = report_of(replace(world, max_gap=None))
    assert report_of(replace(world, max_gap=timedelta.max)).exact.equals(without.exact)


def known_in(world: World, minute: int) -> int | None:
    """Whether the one store is up or down in a minute of the week, and carried; None: neither."""
    try:
        changes = lane(report_of(world), 0)
    except NoPolls:
        return None
    status = max(((at, status) for at, status in changes if at <= minute), default=(0, CLOSED))[1]
    return None if status in (CLOSED, UNKNOWN) else status


@examples(7)
@given(sparse_worlds(), st.data())
def test_a_status_follows_from_the_polls_within_max_gap_of_it_alone(world: World, data: st.DataObject) -> None:
    polls = [(instant(row["timestamp_utc"] or "") or 0, row) for row in world.polls]
    start, gap = micros(world.now or EPOCH) - WINDOWS["week"], micros(world.max_gap or timedelta.max)
    begins_or_ends = st.sampled_from([poll + by for poll, _ in polls for by in (-gap, 0, gap)])
    minute = (data.draw(begins_or_ends) - start) // MINUTE - data.draw(st.integers(0, 1))
    at = start + (minute + 1) * MINUTE - 1
    assume(start <= at < start + WINDOWS["week"])
    near = [row for poll, row in polls if abs(poll - at) <= gap]
    assert known_in(replace(world, polls=near), minute) == known_in(world, minute)
