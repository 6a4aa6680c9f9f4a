"""A report by periods in, Parquet files that hold all of it out; and back.

archive_periods   a report as files
restore_periods   the report from these files, or from the figures alone
holds_periods     whether the figures of an archived report are those of one by periods
"""

import io
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import cast

import polars as pl

from store_uptime.pipeline.report.archive import (
    ArchivedFacts,
    archived_plan,
    archived_quality,
    damages_as_errors,
    metadata,
    optional_bytes,
    parquet_bytes,
    rejects_by_table,
    rejects_bytes,
)
from store_uptime.pipeline.report.periods.period_quality import period_lists
from store_uptime.pipeline.report.periods.period_report import FIGURES, PeriodReport
from store_uptime.pipeline.source.folder.own_files import MARK

ROW = ("number", *FIGURES)
STORE = ("store", "store_id", "zone", "scope", "hours_unknown")


class ArchivedPeriodFacts(ArchivedFacts):
    """The facts of a report by periods beside its frames. periods: `PeriodReport.periods` as Parquet, in base64."""

    now_us: int
    periods: str
    notes: list[str]


@dataclass(frozen=True)
class ArchivedPeriods:
    """A report by periods as Parquet files, compressed by zstd.

    figures: a row for each store, with lists of the figures of its periods; all else is JSON in its metadata, under
    `store_uptime`. plan, rejects: see `ArchivedReport`. attributes, outages, profile: those of the report; None where
    it has none.
    """

    figures: bytes
    plan: bytes
    rejects: bytes
    attributes: bytes | None
    outages: bytes | None
    profile: bytes | None


def archive_periods(report: PeriodReport) -> ArchivedPeriods:
    """A whole report as bytes. Raises ValueError for a selection."""
    if report.selection is not None:
        raise ValueError("a selection cannot be archived, only the whole report")
    facts = {
        **metadata(report.plan, report.quality),
        "now_us": report.now_us,
        # There may be hundreds of thousands: each hour of a year in each of many zones.
        "periods": b64encode(parquet_bytes(report.periods)).decode(),
        "notes": list(report.notes),
    }
    return ArchivedPeriods(
        figures=parquet_bytes(rows_by_store(report), {MARK: json.dumps(facts, ensure_ascii=False)}),
        plan=parquet_bytes(report.plan.intervals.sort("store", "open_us")),
        rejects=rejects_bytes(report.rejects),
        attributes=optional_bytes(report.attributes),
        outages=optional_bytes(report.outages),
        profile=optional_bytes(report.profile),
    )


def rows_by_store(report: PeriodReport) -> pl.DataFrame:
    """The stores with what the plan knows of them, and lists of their figures."""
    # Lists: a store has its id once, however many periods there are.
    flags = report.plan.stores.drop(STORE[1:], strict=False)
    lists = report.rows.group_by("store", maintain_order=True).agg(ROW)
    stores = report.stores.select(STORE).join(flags, on="store", how="left", maintain_order="left")
    return stores.join(lists, on="store", how="left", maintain_order="left")


def restore_periods(
    figures: bytes,
    plan: bytes | None = None,
    rejects: bytes | None = None,
    attributes: bytes | None = None,
    outages: bytes | None = None,
    profile: bytes | None = None,
) -> PeriodReport:
    """The report that was archived. Raises ReportDamaged."""
    with damages_as_errors():
        facts = cast("ArchivedPeriodFacts", facts_of(figures))
        stores = pl.read_parquet(io.BytesIO(figures))
        rows = archived_rows(stores)
        run = archived_plan(facts, stores, pl.DataFrame() if plan is None else read(plan))
        return PeriodReport(
            plan=run,
            now_us=facts["now_us"],
            stores=stores.select(STORE),
            periods=read(b64decode(facts["periods"])),
            rows=rows,
            profile=None if profile is None else read(profile),
            outages=None if outages is None else read(outages),
            attributes=None if attributes is None else read(attributes),
            quality=archived_quality(facts["quality"], period_lists(run, rows)),
            rejects={} if rejects is None else dict(rejects_by_table(rejects)),
            notes=tuple(facts["notes"]),
        )


def archived_rows(stores: pl.DataFrame) -> pl.DataFrame:
    lists = stores.lazy().select("store", *ROW).drop_nulls("number")
    return lists.explode(ROW, empty_as_null=False).collect()


def read(file: bytes) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(file))


def facts_of(figures: bytes) -> ArchivedFacts:
    return json.loads(pl.read_parquet_metadata(io.BytesIO(figures))[MARK])


def holds_periods(figures: bytes) -> bool:
    """Whether these are the figures of a report by periods. Raises ReportDamaged."""
    with damages_as_errors():
        return "periods" in facts_of(figures)
