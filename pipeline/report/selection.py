"""Some stores of a report: those that a reader asked for.

selected    the report with the rows that fit, and what was asked in its provenance

Polars is imported here only once something is selected: what was asked can be told without it.
"""

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from store_uptime.pipeline.report.report import Report


@dataclass(frozen=True)
class Selection:
    """Which stores are wanted; all that is set must hold.

    search    text that the id contains, in upper or lower case
    down_now  business time at now, and the status known to be inactive
    below     the written uptime percent of the window is less; an empty one is not
    window    the window of `below` and `unknown`
    zone      the zone that the store's hours were read in
    unknown   time in the window that nothing is known of, or hours that are not known
    """

    search: str = ""
    down_now: bool = False
    below: float | None = None
    window: Literal["hour", "day", "week"] = "week"
    zone: str = ""
    unknown: bool = False

    @property
    def asked(self) -> dict[str, Any]:
        """What is set, as plain values; the window only where it matters."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        wanted = {field.name: values[field.name] for field in fields(self) if values[field.name] != field.default}
        window = {"window": self.window} if {"below", "unknown"} & wanted.keys() else {}
        return {name: value for name, value in wanted.items() if name != "window"} | window


def select(report: "Report", selection: Selection) -> "Report":
    """The report with the stores that fit, in the same order; its quality is still that of the whole.

    A selection of nothing in particular gives the report as it is. What is selected is there to be written and looked
    at: what can be saved is the whole.
    """
    if not selection.asked:
        return report
    kept = report.exact.with_row_index("store").filter(*conditions(selection))
    lanes = None if report.lanes is None else lanes_of(report.lanes, kept["store"])
    return replace(report, exact=kept.drop("store"), lanes=lanes, selection=selection)


def lanes_of(lanes: "pl.DataFrame", kept: "pl.Series") -> "pl.DataFrame":
    """The lanes of the stores that are kept, by the rows that they have then."""
    rows = kept.to_frame().with_row_index("row")
    found = lanes.join(rows, on="store", maintain_order="left")
    return found.drop("store").rename({"row": "store"}).select("store", "minute", "status")


def conditions(selection: Selection) -> "Iterator[pl.Expr]":
    """What must hold of a row of `Report.exact`."""
    import polars as pl

    from store_uptime.pipeline.report.figures import percent

    window = selection.window
    if selection.search:
        yield pl.col("store_id").str.contains("(?i)" + pl.escape_regex(selection.search))
    if selection.down_now:
        yield pl.col("down_now")
    if selection.below is not None:
        share = percent(pl.col(f"uptime_last_{window}_us"), pl.col(f"downtime_last_{window}_us"))
        yield share.cast(pl.Float64) < selection.below
    if selection.zone:
        yield pl.col("zone") == selection.zone
    if selection.unknown:
        yield pl.col(f"unknown_last_{window}_us").fill_null(1) > 0
