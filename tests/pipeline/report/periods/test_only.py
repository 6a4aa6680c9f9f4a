"""A report by periods of the stores of some values of attributes alone: that of all stores, cut to them."""

import polars as pl
import pytest

from store_uptime.pipeline import Frames, Options, PeriodReport, UnknownAttribute, UnknownValue, build_periods
from store_uptime.pipeline.periods import Period
from tests.support.feeds import HOURS, POLLS, ZONES, lines, table

DAYS = Period("2024-03-11/2024-03-13", by="day", on="UTC")
FEED = Frames(
    table(
        lines(
            POLLS,
            *(f"{store},2024-03-11 {hour:02}:30:00,inactive" for store in ("a", "b", "d") for hour in (9, 10)),
            *(f"{store},2024-03-11 12:00:00,active" for store in ("a", "b", "c", "d")),
            "a,2024-03-12 12:00:00,inactive",
        )
    ),
    table(lines(HOURS, "a,0,09:00,17:00", "b,1,09:00,17:00", "e,0,09:00,17:00")),
    table(lines(ZONES, "a,UTC", "b,UTC", "c,UTC", "d,Nowhere")),
    stores=table(lines("store_id,name,city", "a,Ann,Rome", "b,Bob,Oslo", "d,Dan,Oslo", "e,Eve,Oslo")),
)


def built(**only: str) -> PeriodReport:
    options = Options(now="2024-03-13", only=only, period=DAYS, group_by=["city"])
    return build_periods(FEED, DAYS, options, tables=("profile", "outages"))


def test_it_has_the_rows_outages_and_profile_of_its_stores() -> None:
    whole, part = built(), built(city="Oslo")
    own = pl.col("store_id").is_in(["b", "d", "e"])
    assert part.stores.select("store", "store_id").rows() == [(0, "b"), (1, "d"), (2, "e")]
    assert part.exact.equals(whole.exact.filter(own))
    assert not part.outages_exact.is_empty()
    assert part.outages_exact.equals(whole.outages_exact.filter(own))
    assert part.profile_table().equals(whole.profile_table().filter(city="Oslo"))
    assert part.total.select(pl.exclude("city")).equals(whole.rollup(["city"]).filter(city="Oslo").drop("city"))
    assert part.plan.stores["store"].to_list() == [0, 1, 2]


def test_its_lists_are_those_of_its_stores_and_its_counts_those_of_all() -> None:
    whole, part = built(), built(city="Oslo")
    assert part.quality.stores["not_observed"] == ["e"]
    assert (whole.quality.stores["no_hours"], part.quality.stores["no_hours"]) == (["c", "d"], ["d"])
    assert part.quality.tables == whole.quality.tables
    assert part.provenance.get("only") == {"city": ["Oslo"]}


def test_stores_that_nobody_has_are_an_error() -> None:
    with pytest.raises(UnknownValue, match="no store has 'Paris' as its city"):
        built(city="Paris")
    with pytest.raises(UnknownAttribute, match="no attribute 'brand'"):
        built(brand="x")
