"""What became of each store from one report to the next: the worst first."""

from decimal import Decimal
from functools import cache

import polars as pl
import pytest

from store_uptime.pipeline import Options, Report, build_report, comparison, since_earlier
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines

HOUR_US = 3_600_000_000
COLUMNS = [
    "store_id",
    "change",
    "percent_before",
    "percent_after",
    "downtime_before_us",
    "downtime_after_us",
]
Week = tuple[int | None, int | None]


def report(weeks: dict[str, Week]) -> Report:
    """A report of stores with these microseconds up and down in the week."""
    whole = build_report(frames(lines(POLLS, *(f"{store},2024-10-14 12:00:00,active" for store in weeks))))
    ordered = [weeks[store] for store in whole.exact["store_id"]]
    up, down = (pl.Series([week[which] for week in ordered], dtype=pl.Int64) for which in (0, 1))
    exact = whole.exact.with_columns(uptime_last_week_us=up, downtime_last_week_us=down)
    return Report(whole.plan, exact, whole.quality, whole.rejects)


def changes(old: dict[str, Week], new: dict[str, Week]) -> list[tuple[str, str]]:
    return comparison(report(old), report(new)).select("store_id", "change").rows()


LONG = 168 * HOUR_US
CHANGES: dict[str, tuple[Week, Week, str]] = {
    "the same figures": ((3, 1), (3, 1), "same"),
    "the same share of another week": ((3, 1), (6, 2), "same"),
    "less": ((3, 1), (2, 2), "worse"),
    "more": ((2, 2), (3, 1), "better"),
    "less by a microsecond of a week, which reads 0.00": ((LONG - 1, 1), (LONG - 2, 2), "same"),
    "more by a microsecond of a week": ((LONG - 2, 2), (LONG - 1, 1), "same"),
    "less by a microsecond, and not always up any more": ((LONG, 0), (LONG - 1, 1), "worse"),
    "more by a hundredth of a percent": ((5000, 5000), (5001, 4999), "better"),
    "never up, in weeks of other lengths": ((0, 5), (0, 7), "same"),
    "hours that were not known before": ((None, None), (3, 1), "unknown"),
    "and are not any more": ((3, 1), (None, None), "unknown"),
    "never known": ((None, None), (None, None), "unknown"),
    "closed all week": ((3, 1), (0, 0), "unknown"),
}


@pytest.mark.parametrize(("before", "after", "change"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_one_that_can_be_read(before: Week, after: Week, change: str) -> None:
    assert changes({"a": before}, {"a": after}) == [("a", change)]


def test_a_row_has_both_weeks() -> None:
    found = comparison(report({"a": (3 * HOUR_US, HOUR_US), "b": (1, 0)}), report({"a": (2, 1), "c": (None, None)}))
    assert found.columns == COLUMNS
    assert found.dtypes[2:] == [pl.Decimal(10, 2), pl.Decimal(10, 2), pl.Int64, pl.Int64]
    assert found.rows() == [
        ("a", "worse", Decimal("75.00"), Decimal("66.67"), HOUR_US, 1),
        ("b", "gone", Decimal("100.00"), None, 0, None),
        ("c", "new", None, None, None, None),
    ]


def test_the_worst_comes_first_and_what_is_the_same_last() -> None:
    old: dict[str, Week] = {"Z": (1, 1), "a": (1, 1), "much": (10, 0), "same": (1, 0), "gone": (1, 0)}
    old |= {"better b": (1, 9), "better a": (1, 1), "unknown": (None, None), "little": (LONG, 0)}
    new: dict[str, Week] = {"Z": (1, 3), "a": (1, 3), "much": (1, 9), "same": (2, 0), "new": (1, 0)}
    new |= {"better b": (1, 0), "better a": (2, 1), "unknown": (1, 0), "little": (LONG - 1, 1)}
    assert [store for store, _ in changes(old, new)] == [
        "much", "Z", "a", "little", "gone", "new", "unknown", "better b", "better a", "same",
    ]  # fmt: skip


def test_a_report_is_the_same_as_itself() -> None:
    one = report({"a": (3, 1), "b": (0, 9)})
    assert set(comparison(one, one)["change"]) == {"same"}


FULL = {"hours": ["a,0,09:00,17:00"], "zones": ["a,Europe/Dublin"]}
SINCE: dict[str, tuple[dict[str, list[str]], list[str]]] = {
    "nothing is missing": (FULL, []),
    "no hours": (FULL | {"hours": []}, ["no-hours"]),
    "no zones": (FULL | {"zones": []}, ["no-zones"]),
    "neither": ({"hours": [], "zones": []}, ["no-hours", "no-zones"]),
    "all rejected, which is another matter": (FULL | {"zones": [",Europe/Dublin"]}, []),
}


def fed(rows: dict[str, list[str]], store: str | None = None) -> Report:
    return fed_with(tuple(rows["hours"]), tuple(rows["zones"]), store)


@cache
def fed_with(hours: tuple[str, ...], zones: tuple[str, ...], store: str | None) -> Report:
    polls = lines(POLLS, "a,2024-10-14 12:00:00,active", "b,2024-10-12 12:00:00,active")
    source = frames(polls, lines(HOURS, *hours), lines(ZONES, *zones))
    return build_report(source, Options(store=store))


@pytest.mark.parametrize(("now", "codes"), SINCE.values(), ids=SINCE)
def test_a_table_that_has_lost_all_its_rows_is_a_warning_until_it_has_some(
    now: dict[str, list[str]], codes: list[str]
) -> None:
    def missing(earlier: Report) -> list[str]:
        return [code for code in since_earlier(fed(now), earlier).quality.warning_codes if code in codes]

    first = since_earlier(fed(now), fed(FULL))
    new = set(first.quality.warning_codes) - set(fed(now).quality.warning_codes)
    assert sorted(new) == codes
    assert missing(first) == codes
    assert missing(fed({"hours": [], "zones": []})) == []
    assert since_earlier(fed(now, "a"), fed(FULL)).quality == fed(now, "a").quality
