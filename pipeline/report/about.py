"""What is told about a report beside its figures, as plain values: where they come from, what the data was like."""

from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from store_uptime.pipeline.mapping.mapping import MappingValue

if TYPE_CHECKING:  # the service tells of reports in a process that computes none, and has no need of Polars and DuckDB
    from store_uptime.pipeline.clean.split import TableCounts
    from store_uptime.pipeline.report.quality import Quality


class Provenance(TypedDict):
    """Where the figures come from; times in ISO 8601. docs/semantics.md, "Output".

    now_is: how now was chosen, in words. data_age_seconds: how old the newest poll was; None: now was given. horizon:
    from when to when polls count. only: where it was made of stores of these values of attributes alone. mapping: where
    there is one. selection: where some of its stores were selected.
    """

    now: str
    now_is: str
    data_age_seconds: float | None
    horizon: list[str]
    store: str | None
    max_gap_seconds: float | None
    lookback_seconds: float
    source: str
    tzdata: str
    only: NotRequired[dict[str, list[str]]]
    mapping: NotRequired[dict[str, dict[str, MappingValue]]]
    selection: NotRequired[dict[str, Any]]


class PlainCounts(TypedDict):
    """`TableCounts`, and the rows that were read: accepted and rejected together.

    files_not_opened: only where there are some.
    """

    read: int
    accepted: int
    rejected: dict[str, int]
    outside: int | None
    files_not_opened: NotRequired[int]


class PlainQuality(TypedDict):
    """`Quality` as JSON has it."""

    tables: dict[str, PlainCounts]
    duplicates: int
    contradictory: int
    stores: dict[str, list[str]]
    warnings: list[str]
    warning_codes: list[str]


class About(TypedDict):
    """Provenance and quality of a report."""

    provenance: Provenance
    quality: PlainQuality


def plain_quality(quality: "Quality") -> PlainQuality:
    """A quality for JSON."""
    return PlainQuality(
        tables={name: plain_counts(counts) for name, counts in quality.tables.items()},
        duplicates=quality.duplicates,
        contradictory=quality.contradictory,
        stores=quality.stores,
        warnings=quality.warnings,
        warning_codes=quality.warning_codes,
    )


def plain_counts(counts: "TableCounts") -> PlainCounts:
    plain = PlainCounts(read=counts.read, accepted=counts.accepted, rejected=counts.rejected, outside=counts.outside)
    if counts.files_not_opened:
        plain["files_not_opened"] = counts.files_not_opened
    return plain
