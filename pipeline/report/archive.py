"""A report in, Parquet files that hold all of it out; and back.

archive   a report as files: its figures, its plan, its rejected rows, and its lanes if it has any
restore   the report from these files, or from the figures alone
"""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, NotRequired, TypedDict

import polars as pl

from store_uptime.pipeline.clean.columns import FILE, LINE, SURPLUS
from store_uptime.pipeline.clean.split import TableCounts
from store_uptime.pipeline.clean.stores import OF_REJECTS
from store_uptime.pipeline.errors import ReportDamaged
from store_uptime.pipeline.mapping.mapping import MappingValue, SourceMapping
from store_uptime.pipeline.options import Horizon, Options, PlainOptions, first_archive_options
from store_uptime.pipeline.plan.plan import STORE_COLUMNS, Plan
from store_uptime.pipeline.report.quality import Quality, store_lists
from store_uptime.pipeline.report.report import Report
from store_uptime.pipeline.source.folder.own_files import MARK
from store_uptime.pipeline.source.frames import READ_ERRORS
from store_uptime.pipeline.tables import COLUMNS, ROWS_OF

DAMAGES = (*READ_ERRORS, LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What is raised where a file of an archived report is not as it was written."""
REJECTS_KEPT = 100_000
# One store of 200 000 is read in 14 ms instead of 95: Parquet passes over groups whose ids are all before or after it.
ROWS_OF_A_GROUP = 20_000
REJECTED = {ROWS_OF[table]: columns for table, columns in COLUMNS.items()}


class ArchivedQuality(TypedDict):
    """The archived part of a `Quality`: all but its lists of stores, which follow from the figures."""

    tables: dict[str, dict[str, Any]]  # `TableCounts`, as those of that version were
    duplicates: int
    contradictory: int
    warnings: list[str]
    warning_codes: NotRequired[list[str]]  # archived by a version without them


class ArchivedFacts(TypedDict):
    """The archived facts of a report beside its frames: the JSON that `metadata` makes."""

    source: str
    tzdata: str
    options: PlainOptions
    horizon: dict[str, Any]  # `Horizon`, as that of that version was
    not_observed: list[str]
    observed_ids: dict[str, tuple[int, int]]  # lists of two in JSON
    mapping: NotRequired[dict[str, dict[str, MappingValue]]]  # archived by a version that did not know it
    quality: ArchivedQuality


@dataclass(frozen=True)
class ArchivedReport:
    """A report as Parquet files, compressed by zstd.

    figures: `Report.exact`; provenance, counts and warnings are JSON in its metadata, under `store_uptime`.
    plan: the business intervals: store (the row of the store in the figures), open_us, close_us.
    rejects: table (polls, hours, zones), file, line, reason, the raw columns as text and surplus, of each table the
    first `REJECTS_KEPT` rows; the counts in the quality are of all.
    lanes, attributes: those of the report; None where it has none. Lanes archived by a version that did not mark what
    is carried have the statuses 0 to 3 alone: see `LaneStatus`.
    """

    figures: bytes
    plan: bytes
    rejects: bytes
    lanes: bytes | None
    attributes: bytes | None = None


def archive(report: Report) -> ArchivedReport:
    """A whole report as bytes. Raises ValueError for a selection."""
    if report.selection is not None:
        raise ValueError("a selection cannot be archived, only the whole report")
    facts = metadata(report.plan, report.quality)
    return ArchivedReport(
        figures=parquet_bytes(report.exact, {MARK: json.dumps(facts, ensure_ascii=False)}),
        plan=parquet_bytes(report.plan.intervals.sort("store", "open_us")),
        rejects=rejects_bytes(report.rejects),
        lanes=optional_bytes(report.lanes),
        attributes=optional_bytes(report.attributes),
    )


def restore(
    figures: bytes,
    plan: bytes | None = None,
    rejects: bytes | None = None,
    lanes: bytes | None = None,
    store: str | None = None,
    attributes: bytes | None = None,
) -> Report:
    """The report that was archived; with `store`, the report of that store.

    From the figures alone it can be written in every format, with quality and provenance; `explain` needs its plan;
    without its rejects it has no tables of rejected rows. With `store`, figures, intervals, lanes and lists are those
    of the store; counts, warnings and rejects are those of the whole report. Raises ReportDamaged.
    """
    with damages_as_errors():
        found = read_archive(figures, plan, rejects, lanes, store)
        if attributes is None:
            return found
        own = pl.lit(True) if store is None else pl.col("store_id") == store
        return replace(found, attributes=matching_rows(attributes, own))


@contextmanager
def damages_as_errors() -> Iterator[None]:
    """Raises ReportDamaged where a file is not as it was written."""
    try:
        yield
    except DAMAGES as error:
        raise ReportDamaged(str(error).partition("\n")[0] or type(error).__name__) from error


def metadata(plan: Plan, quality: Quality) -> dict[str, object]:
    """All of a report that its figures do not hold, as plain values."""
    # Without the lists of stores: they are computed from the figures and these values.
    return {
        "source": plan.source,
        "tzdata": plan.tzdata,
        # Also as the first archives have them: a server of the version before, beside this one, reads those names.
        "options": {**plan.options.to_dict(), **first_archive_options(plan.options)},
        # A server of the version before knows no further key.
        "horizon": {name: value for name, value in asdict(plan.horizon).items() if name != "data_now_us" or value},
        "not_observed": plan.not_observed.to_list(),
        "observed_ids": plan.observed_ids,
        "mapping": plan.mapping.to_dict(),
        "quality": {
            "tables": {name: asdict(counts) for name, counts in quality.tables.items()},
            "duplicates": quality.duplicates,
            "contradictory": quality.contradictory,
            "warnings": quality.warnings,
            "warning_codes": quality.warning_codes,
        },
    }


def rejects_bytes(rejects: Mapping[str, pl.DataFrame]) -> bytes:
    """The first rejected rows of each table in one."""
    tables = (rows.head(REJECTS_KEPT).select(pl.lit(name).alias("table"), pl.all()) for name, rows in rejects.items())
    return parquet_bytes(pl.concat(tables, how="diagonal"), rejects_metadata(rejects))


def optional_bytes(frame: pl.DataFrame | None) -> bytes | None:
    """A frame as a file, where there is one."""
    return None if frame is None else parquet_bytes(frame)


def parquet_bytes(frame: pl.DataFrame, metadata: dict[str, str] | None = None) -> bytes:
    """A frame as a Parquet file, compressed by zstd."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", metadata=metadata, row_group_size=ROWS_OF_A_GROUP)
    return buffer.getvalue()


def read_archive(
    figures: bytes, plan: bytes | None, rejects: bytes | None, lanes: bytes | None, store: str | None
) -> Report:
    """The report in these files. Raises DAMAGES where they are damaged."""
    numbered = pl.scan_parquet(io.BytesIO(figures), row_index_name="store")
    rows = (numbered if store is None else numbered.filter(store_id=store)).collect()
    # Archived by a version that did not compute them.
    missing = {"down_now": pl.Boolean, "down_since_us": pl.Int64}
    rows = rows.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in missing.items() if name not in rows.columns
    )
    own = pl.lit(True) if store is None else pl.col("store").is_in(rows["store"].to_list())
    facts: ArchivedFacts = json.loads(pl.read_parquet_metadata(io.BytesIO(figures))[MARK])
    # Without a plan the frame has no columns either, so that `explain` fails instead of finding every store closed.
    intervals = pl.DataFrame() if plan is None else matching_rows(plan, own)
    run, exact = archived_plan(facts, rows, intervals), rows.drop("store")
    return Report(
        plan=run,
        exact=exact,
        quality=archived_quality(facts["quality"], store_lists(run, exact)),
        rejects=archived_rejects(rejects, facts["quality"]),
        lanes=None if lanes is None else archived_lanes(lanes, own, store),
    )


def matching_rows(file: bytes, own: pl.Expr) -> pl.DataFrame:
    # Scanned, not read: row groups without a match are not decoded.
    return pl.scan_parquet(io.BytesIO(file)).filter(own).collect()


def archived_lanes(file: bytes, own: pl.Expr, store: str | None) -> pl.DataFrame:
    found = matching_rows(file, own)
    # They go by the row of the store in the figures, which of one store alone is the first.
    return found if store is None else found.with_columns(store=pl.lit(0, pl.UInt32))


def archived_plan(facts: ArchivedFacts, rows: pl.DataFrame, intervals: pl.DataFrame) -> Plan:
    """The plan of a report. rows: of its stores, with `STORE_COLUMNS`."""
    # The figures are in the order of the stores' numbers, so the number of a store is the number of its row.
    return Plan(
        source=facts["source"],
        options=Options.from_dict(facts["options"]),
        horizon=Horizon(**facts["horizon"]),
        stores=rows.select(STORE_COLUMNS),
        intervals=intervals,
        not_observed=pl.Series("store_id", facts["not_observed"], pl.String),
        observed_ids={name: (observed, ids) for name, (observed, ids) in facts["observed_ids"].items()},
        tzdata=facts["tzdata"],
        mapping=SourceMapping.from_dict(facts.get("mapping", {})),  # versions before mappings did not write it
    )


def archived_quality(plain: ArchivedQuality, stores: dict[str, list[str]]) -> Quality:
    """The quality of a report. stores: the ids on its lists."""
    return Quality(
        tables={name: TableCounts(**counts) for name, counts in plain["tables"].items()},
        duplicates=plain["duplicates"],
        contradictory=plain["contradictory"],
        stores=stores,
        warnings=plain["warnings"],
        warning_codes=plain.get("warning_codes", []),
    )


def rejects_metadata(rejects: Mapping[str, pl.DataFrame]) -> dict[str, str] | None:
    """The columns of each table of rejected rows, where one has others than those that every source has."""
    columns = {name: [column for column in rows.columns if column not in OF_REJECTS] for name, rows in rejects.items()}
    usual = {name: list(REJECTED.get(name, ())) for name in columns}
    return None if columns == usual else {MARK: json.dumps(columns, ensure_ascii=False)}


def archived_rejects(rejects: bytes | None, quality: ArchivedQuality) -> dict[str, pl.DataFrame]:
    """`Report.rejects`; none without the file of them."""
    if rejects is None:
        return {}
    found = dict(rejects_by_table(rejects))
    none = pl.DataFrame(schema=dict.fromkeys((FILE, LINE, "reason", "store_id", SURPLUS), pl.String))
    return found | {name: none for name in quality["tables"] if name not in found}


def rejects_by_table(file: bytes) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rejected rows of each table."""
    rejects, metadata = pl.read_parquet(io.BytesIO(file)), pl.read_parquet_metadata(io.BytesIO(file))
    missing = [name for name in (FILE, SURPLUS) if name not in rejects.columns]  # archived by a version without them
    rejects = rejects.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    tables = json.loads(metadata[MARK]) if MARK in metadata else REJECTED
    for name, columns in tables.items():
        yield name, rejects.filter(table=name).select(FILE, LINE, "reason", *columns, SURPLUS)
