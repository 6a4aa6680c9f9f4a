"""What the data of a report by periods was like: lists, warnings, and notes of what is no fault of it."""

from collections.abc import Sequence

import polars as pl
import pytest

from store_uptime.pipeline.clean.split import TableCounts
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.plan.table_facts import TableFacts
from store_uptime.pipeline.report.periods.period_quality import date_facts, period_lists, period_notes, period_quality
from store_uptime.pipeline.report.quality import Quality
from tests.support.period_reports import made, us

HORIZON = Horizon(us("2024-03-01"), us("2024-03-20"))


def quality(accepted: int = 4, polls: tuple[int, int] | None = None) -> Quality:
    report, none = made(), pl.DataFrame(schema={"day_of_week": pl.String, "reason": pl.String})
    rejected = {"polls": none, "hours": none}
    facts = TableFacts({"polls": TableCounts(accepted)}, rejected, report.stores.select("store_id"), {}, True, None)
    return period_quality(report.plan, facts, report.rows, (2, 1), [], polls)


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
    found = quality(accepted=0)
    sentences = dict(zip(found.warning_codes, found.warnings, strict=True))
    assert sentences["no-poll-in-period"] == (
        "No poll lies between 2024-03-09T00:00:00Z and 2024-03-11T12:00:00Z, the time that these periods depend on: "
        "nothing is known of them."
    )
    known = quality(accepted=0, polls=(us("2023-01-01"), us("2023-02-01")))
    assert any(
        text.endswith("poll is of 2023-01-01T00:00:00Z, the newest of 2023-02-01T00:00:00Z.") for text in known.warnings
    )


# Notes ----------------------------------------------------------------------------------------------------------------


def dated(from_day: Sequence[int | None], until_day: Sequence[int | None]) -> pl.DataFrame:
    """Rows of hours or zones of the stores a, b, …, with their dates."""
    kinds = {"from_day": pl.Int32, "until_day": pl.Int32}
    ids = list("abcdefg")[: len(from_day)]
    return pl.DataFrame({"store_id": ids, "from_day": from_day, "until_day": until_day}, schema_overrides=kinds)


def day(date: str) -> int:
    return us(date) // (24 * 3_600_000_000)


def notes(hours: pl.DataFrame, zones: pl.DataFrame, first: str = "2024-03-10") -> list[str]:
    clocks = pl.DataFrame({"store_id": list("abcdefg"), "clock": [*["UTC"] * 6, "Asia/Tokyo"]})
    periods = pl.DataFrame(
        {"clock": ["UTC", "Asia/Tokyo"], "start_us": [us(first)] * 2, "end_us": [us("2024-03-17"), us("2024-03-16")]}
    )
    return list(period_notes(date_facts(hours, zones, clocks, periods), hours.height, HORIZON))


@pytest.mark.parametrize(("first", "noted"), [("2024-03-12T23:59:59", 1), ("2024-03-13", 0)])
def test_hours_without_dates_are_noted_where_periods_are_older_than_the_last_week(first: str, noted: int) -> None:
    found = notes(dated([None], [None]), dated([None], [None]), first)
    assert len(found) == noted
    assert all(text.startswith(f"The hours have no dates: the periods from {first}Z on") for text in found)


def test_stores_that_are_always_open_have_no_hours_that_could_have_dates() -> None:
    assert notes(dated(from_day=[], until_day=[]), dated(from_day=[], until_day=[])) == []


def test_dates_on_which_hours_or_zones_change_are_noted_with_how_many_stores() -> None:
    dates = [day(f"2024-03-{number}") for number in (11, 12, 13, 14, 15)]
    hours = dated(from_day=[*dates, None], until_day=[*[None] * 5, dates[0]])
    zones = dated(from_day=[None, day("2024-03-17"), day("2024-03-10")], until_day=[dates[1], None, None])
    assert notes(hours, zones) == [
        "The hours of 6 stores change within these periods, on 2024-03-11, 2024-03-12, 2024-03-13 and 2 more.",
        "The zones of 1 store change within these periods, on 2024-03-12.",
    ]


def test_a_date_has_to_be_within_the_periods_of_its_own_store() -> None:
    never, late = [None] * 6, day("2024-03-16")
    assert notes(dated([*never, late], [None] * 7), dated([], [])) == []
    assert "on 2024-03-16." in notes(dated([late, *never], [None] * 7), dated([], []))[0]
