"""What the data of a report by periods was like: lists, warnings, and notes of what is no fault of it."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
import pytest

from store_uptime.pipeline.clean.split import TableCounts
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.plan.table_facts import TableFacts
from store_uptime.pipeline.report.periods.period_quality import (
    date_facts,
    no_poll_in_period,
    period_lists,
    period_notes,
    period_quality,
)
from store_uptime.pipeline.report.quality import Quality
from tests.support.period_reports import made, us

HORIZON = Horizon(us("2024-03-01"), us("2024-03-20"))


def facts(polls: int) -> TableFacts:
    """polls: how many were accepted."""
    report, none = made(), pl.DataFrame(schema={"day_of_week": pl.String, "reason": pl.String})
    ids = {"hours": pl.LazyFrame({"store_id": ["NORTH", "EAST", "SOUTH", "WEST"]})}
    rejected = {"polls": none, "hours": none}
    return TableFacts({"polls": TableCounts(polls)}, rejected, report.stores.select("store_id"), ids, True, None)


def quality(observed: tuple[int, int] | None = None) -> Quality:
    """observed: of the ids in hours, how many are those of a polled store, and how many there are."""
    report = made()
    plan = report.plan if observed is None else replace(report.plan, observed_ids={"hours": observed})
    return period_quality(plan, facts(4), report.rows, (2, 1), [])


def test_the_lists_are_those_of_the_stores_of_the_periods() -> None:
    report = made()
    assert period_lists(report.plan, report.rows) == {
        "not_observed": ["station"],
        "no_hours": [],
        "no_zone": [],
        "unknown_zone": [],
        "several_zones": [],
        "unknown_hours": ["station"],
        "partly_rejected_hours": [],
        "no_known_status": ["station"],
    }


def test_a_store_of_which_nothing_is_known_in_any_period_is_listed() -> None:
    report = made()
    second = report.rows.filter(number=1)
    assert period_lists(report.plan, second)["no_known_status"] == ["=north", "old town", "station"]


def test_a_usual_feed_has_no_warning() -> None:
    assert quality().warning_codes == []
    assert (quality().duplicates, quality().contradictory) == (2, 1)


def test_periods_without_any_poll_are_warned_of() -> None:
    plan, first_us = made().plan, us("2024-03-09")
    assert [str(warning) for warning in no_poll_in_period(plan, facts(0), first_us, None)] == [
        "No poll lies between 2024-03-09T00:00:00Z and 2024-03-11T12:00:00Z, the time that these periods depend on: "
        "nothing is known of them."
    ]
    known = no_poll_in_period(plan, facts(0), first_us, (us("2023-01-01"), us("2023-02-01")))
    assert str(next(known)).endswith("poll is of 2023-01-01T00:00:00Z, the newest of 2023-02-01T00:00:00Z.")
    assert list(no_poll_in_period(plan, facts(1), first_us, None)) == []


def test_periods_that_have_not_begun_need_no_poll() -> None:
    plan = made().plan
    assert list(no_poll_in_period(plan, facts(0), plan.horizon.newest_us, None)) == []


def test_ids_are_foreign_only_where_enough_stores_are_polled() -> None:
    polled = made().stores.height - len(made().plan.not_observed)
    assert "foreign-ids" in quality((0, 2 * polled)).warning_codes
    assert "foreign-ids" not in quality((0, 2 * polled + 1)).warning_codes


# Notes ----------------------------------------------------------------------------------------------------------------


STORES = pl.Categories("stores of the notes")


def dated(from_day: Sequence[int | None], until_day: Sequence[int | None]) -> pl.DataFrame:
    """Rows of hours or zones of the stores a, b, …, with their dates."""
    kinds = {"from_day": pl.Int32, "until_day": pl.Int32}
    ids = list("abcdefg")[: len(from_day)]
    return pl.DataFrame(
        {"store_id": pl.Series(ids, dtype=pl.Categorical(STORES)), "from_day": from_day, "until_day": until_day},
        schema_overrides=kinds,
    )


def day(date: str) -> int:
    return us(date) // (24 * 3_600_000_000)


def notes(
    hours: pl.DataFrame,
    zones: pl.DataFrame,
    first: str = "2024-03-10",
    clock: str = "Etc/UTC",
    now: Horizon = HORIZON,
) -> list[str]:
    """The notes on periods until 2024-03-17 of stores with one clock."""
    periods = pl.DataFrame({"clock": "", "start_us": [us(first)], "end_us": [us("2024-03-17")]})
    known = pl.concat([hours, zones]).select(code=pl.col("store_id").to_physical()).unique()
    clocks = known.with_columns(clock=pl.lit(clock))
    return list(period_notes(date_facts(hours, zones, clocks, periods, now.newest_us), hours.height, now))


@pytest.mark.parametrize(("first", "noted"), [("2024-03-12T23:59:59", 1), ("2024-03-13", 0)])
def test_hours_without_dates_are_noted_where_periods_are_older_than_the_last_week(first: str, noted: int) -> None:
    found = notes(dated([None], [None]), dated([None], [None]), first)
    assert len(found) == noted
    assert all(text.startswith(f"The hours have no dates: the periods from {first}Z on") for text in found)


def test_stores_that_are_always_open_have_no_hours_that_could_have_dates() -> None:
    assert notes(dated(from_day=[], until_day=[]), dated(from_day=[], until_day=[])) == []


OPEN = dated(from_day=[], until_day=[])


def test_dates_on_which_hours_begin_or_end_are_noted_with_how_many_stores() -> None:
    dates = [day(f"2024-03-{number}") for number in (11, 12, 13, 14, 16)]
    hours = dated(from_day=[*dates, None, day("2024-03-10")], until_day=[*[None] * 5, dates[0], None])
    assert notes(hours, OPEN)[0] == (
        "The hours of 6 stores change within these periods, on 2024-03-11, 2024-03-12, 2024-03-13 and 2 more."
    )


def test_zones_change_where_the_clock_of_a_store_does() -> None:
    zones = dated(from_day=[None, day("2024-03-12")], until_day=[None, None])
    assert notes(OPEN, zones[1:], clock=f"Etc/UTC|{day('2024-03-12')}|Asia/Tokyo")[0] == (
        "The zones of 1 store change within these periods, on 2024-03-12."
    )
    assert notes(OPEN, zones[:1], clock="Asia/Tokyo") == []
    assert notes(OPEN, zones[:1], clock=f"Etc/UTC|{day('2024-03-10')}|Asia/Tokyo") == [], "from the first date on"


def test_dates_without_a_row_are_noted_with_what_is_assumed() -> None:
    first, gap, end = (day(f"2024-03-{number}") for number in (10, 12, 17))
    hours = dated(from_day=[None, gap, None, first], until_day=[None, None, gap, end])
    assert notes(hours, OPEN)[1:] == [
        "The hours of 2 stores leave out dates of these periods, beginning with 2024-03-10, 2024-03-12: they count as "
        "closed then."
    ]
    joined = pl.concat([dated(from_day=[None], until_day=[gap]), dated(from_day=[gap], until_day=[None])])
    apart = pl.concat([dated(from_day=[None], until_day=[gap]), dated(from_day=[gap + 1], until_day=[None])])
    assert notes(OPEN, joined) == []
    assert notes(OPEN, apart) == [
        "The zones of 1 store leave out dates of these periods, beginning with 2024-03-12: America/Chicago is taken "
        "for them then."
    ]


def test_the_dates_of_a_store_are_those_of_its_clock_until_now() -> None:
    hours = dated(from_day=[day("2024-03-10")], until_day=[day("2024-03-12")])
    assert "leave out" in "".join(notes(hours, OPEN, "2024-03-10", "America/Chicago")), "the evening before"
    early = Horizon(us("2024-03-01"), us("2024-03-12"))
    assert "leave out" not in "".join(notes(hours, OPEN, "2024-03-10T06:00:00", "America/Chicago", early))


def test_what_dates_are_like_adds_up_over_parts() -> None:
    first, second = dated(from_day=[day("2024-03-12")], until_day=[None]), dated(from_day=[], until_day=[])
    periods = pl.DataFrame({"clock": "", "start_us": [us("2024-03-10")], "end_us": [us("2024-03-17")]})
    clocks = pl.DataFrame({"code": first["store_id"].to_physical(), "clock": "Etc/UTC"})
    every, none = (date_facts(rows, OPEN, clocks, periods, HORIZON.newest_us) for rows in (first, second))
    assert every + none == every
    assert (every + every).uncovered["hours"] == (2, [day("2024-03-10")])


def test_periods_that_have_not_begun_are_noted() -> None:
    assert notes(OPEN, OPEN, "2024-03-15", now=Horizon(us("2024-03-01"), us("2024-03-15"))) == [
        "These periods have not begun at now, 2024-03-15T00:00:00Z: nothing is known of them."
    ]
