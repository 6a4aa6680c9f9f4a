"""What is told about a report by periods beside its figures, as plain values."""

from typing import NotRequired, TypedDict

import polars as pl

from store_uptime.pipeline.durations import SECOND_US
from store_uptime.pipeline.instants import iso
from store_uptime.pipeline.mapping.mapping import MappingValue
from store_uptime.pipeline.options import Selection
from store_uptime.pipeline.periods import PlainPeriod
from store_uptime.pipeline.plan.plan import Plan
from store_uptime.pipeline.report.about import PlainQuality
from store_uptime.pipeline.report.figures import uptime_percent
from store_uptime.pipeline.report.periods.groups import GroupedStores
from store_uptime.pipeline.report.report import now_is

GROUPS_OF_ABOUT = 1_000
"""So many groups have their coverage beside the figures, those with the least."""


class ListedPeriods(TypedDict):
    """Which periods they are: how many, the first and the last, and from when to when, over all zones."""

    number: int
    first: str | None
    last: str | None
    start: str | None
    end: str | None


class PeriodProvenance(TypedDict):
    """Where the figures come from; times in ISO 8601.

    period: what was asked for. periods: what that was. The others as in `Provenance`.
    """

    period: PlainPeriod
    periods: ListedPeriods
    now: str
    now_is: str
    data_age_seconds: float | None
    horizon: list[str]
    store: str | None
    max_gap_seconds: float
    source: str
    tzdata: str
    only: NotRequired[dict[str, list[str]]]
    group_by: NotRequired[list[str]]
    mapping: NotRequired[dict[str, dict[str, MappingValue]]]
    selection: NotRequired[dict[str, str | dict[str, list[str]]]]


class GroupCoverage(TypedDict):
    """What is known of the business time of a group. group: the values of its attributes."""

    group: list[str]
    coverage_percent: float | None


class PeriodAbout(TypedDict):
    """Provenance, quality and notes of a report; coverage: of each group, the least first."""

    provenance: PeriodProvenance
    quality: PlainQuality
    notes: list[str]
    coverage: NotRequired[list[GroupCoverage]]


def period_provenance(
    plan: Plan, now_us: int, max_gap_us: int, listed: pl.DataFrame, selection: Selection | None
) -> PeriodProvenance:
    """Where the figures of a report come from. listed: see `listed_periods`."""
    plain = plan.options.to_dict()
    provenance = PeriodProvenance(
        period=plain.get("period", PlainPeriod()),
        periods=plain_periods(listed),
        now=iso(now_us),
        now_is=now_is(plan.options, now_us),
        data_age_seconds=plan.horizon.age_seconds,
        horizon=[iso(plan.horizon.start_us), iso(plan.horizon.now_us)],
        store=plan.options.store,
        max_gap_seconds=max_gap_us / SECOND_US,
        source=plan.source,
        tzdata=plan.tzdata,
    )
    if "only" in plain:
        provenance["only"] = plain["only"]
    if "group_by" in plain:
        provenance["group_by"] = plain["group_by"]
    if mapping := plan.mapping.to_dict():
        provenance["mapping"] = mapping
    if selection is not None:
        provenance["selection"] = selection.to_dict()
    return provenance


def plain_periods(listed: pl.DataFrame) -> ListedPeriods:
    if listed.is_empty():
        return ListedPeriods(number=0, first=None, last=None, start=None, end=None)
    names = listed["period"]
    start_us, end_us = listed.select(pl.col("start_us").min(), last=pl.col("end_us").max()).row(0)
    return ListedPeriods(number=listed.height, first=names[0], last=names[-1], start=iso(start_us), end=iso(end_us))


def coverage_of_groups(whole: pl.DataFrame, grouped: GroupedStores) -> list[GroupCoverage]:
    """The coverage of each group over all periods. whole: see `PeriodReport.whole`."""
    business, unknown = (pl.col(name).cast(pl.Int128) for name in ("business_us", "unknown_us"))
    covered = (
        whole.join(grouped.of_store.select("store", "group"), on="store")
        .group_by("group")
        .agg(business.sum(), unknown.sum())
        .select("group", percent=uptime_percent(pl.col("business_us") - pl.col("unknown_us"), pl.col("unknown_us")))
        .sort("percent", "group", nulls_last=True)
        .head(GROUPS_OF_ABOUT)
        .join(grouped.groups, on="group", maintain_order="left")
    )
    groups = covered.select(grouped.columns).iter_rows()
    return [
        GroupCoverage(group=list(values), coverage_percent=None if percent is None else float(percent))
        for values, percent in zip(groups, covered["percent"], strict=True)
    ]
