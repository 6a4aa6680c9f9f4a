"""A report by periods: docs/semantics.md, "Periods".

PeriodReport           what was computed, and the tables and files that are made of it
FIGURES, OUTAGE, CELL  the columns of its frames
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Literal, get_args

import polars as pl

from store_uptime.pipeline.durations import microseconds
from store_uptime.pipeline.errors import PartMissing
from store_uptime.pipeline.instants import iso
from store_uptime.pipeline.options import Format, Only, Options, Selection, check_word, names_of, stores_in_words
from store_uptime.pipeline.periods import DEFAULT_MAX_GAP, Period
from store_uptime.pipeline.plan.plan import Plan
from store_uptime.pipeline.report.about import plain_quality
from store_uptime.pipeline.report.choice import checked_choice
from store_uptime.pipeline.report.figures import uptime_percent
from store_uptime.pipeline.report.periods.groups import (
    CELLS,
    GroupedStores,
    grouped_stores,
    listed_periods,
    profile_cells,
    rollup,
    rollup_blocks,
    rollup_height,
    written_rollup,
)
from store_uptime.pipeline.report.periods.outage_list import by_length, by_start, exact_outages, written_outages
from store_uptime.pipeline.report.periods.period_about import (
    PeriodAbout,
    PeriodProvenance,
    coverage_of_groups,
    period_provenance,
)
from store_uptime.pipeline.report.periods.period_files import csv_pieces, guarded_texts, json_pieces, parquet_pieces
from store_uptime.pipeline.report.periods.period_rows import exact_rows, state_of, whole_period, written_rows
from store_uptime.pipeline.report.periods.sheets import WORST_STORES, Sheet, stores_of_sheet
from store_uptime.pipeline.report.periods.sliced import SlicedTable, sliced, sliced_by
from store_uptime.pipeline.report.quality import Quality
from store_uptime.pipeline.report.quality_lists import LISTS_OF_PERIODS
from store_uptime.pipeline.report.report import csv_bytes, guarded

Ends = pl.Enum(["active poll", "unknown", "closed", "ongoing", "cut"])
StartsBecause = pl.Enum(["inactive poll", "opening", "unknown", "cut"])
View = Literal["stores", "groups", "profile", "outages", "longest-outages"]
"""The tables of a report, each of which is a file of its own; as XLSX it is a workbook of all."""
ROWS_OF: dict[View, str] = {
    "stores": "stores",
    "groups": "groups",
    "profile": "profile",
    "outages": "outages",
    "longest-outages": "outages",
}
"""What the rows of a table are called in JSON."""
NOT_WHOLE_GROUPS = (
    "It was made without, or the selected stores are only some of a group: build_periods(…, Options(only=…), "
    "tables=('profile',)) makes that of some stores."
)
"""The remedy where stores were selected."""
FIGURES = {
    "business_us": pl.Int64(),
    "uptime_us": pl.Int64(),
    "downtime_us": pl.Int64(),
    "excused_us": pl.Int64(),
    "polls": pl.UInt32(),
    "outages": pl.UInt32(),
    "longest_outage_us": pl.Int64(),
    "downtime_least_us": pl.Int64(),
    "downtime_most_us": pl.Int64(),
}
"""The figures of `PeriodReport.rows`."""
OUTAGE = {
    "store": pl.UInt32(),
    "start_us": pl.Int64(),
    "end_us": pl.Int64(),
    "business_us": pl.Int64(),
    "ends": Ends,
    "starts_because": StartsBecause,
    "polls": pl.UInt32(),
    "first_poll_us": pl.Int64(),
    "last_poll_us": pl.Int64(),
    "least_us": pl.Int64(),
    "most_us": pl.Int64(),
    "excused_us": pl.Int64(),
    "reason": pl.String(),
}
"""The columns of `PeriodReport.outages`."""
CELL = {
    "weekday": pl.Int8(),
    "hour": pl.Int8(),
    "business_us": pl.Int64(),
    "downtime_us": pl.Int64(),
    "unknown_us": pl.Int64(),
    "outages_begun": pl.UInt32(),
}
"""The columns of `PeriodReport.profile`, behind those of its groups."""


@dataclass(frozen=True)
class PeriodReport:
    """What `build_periods` gives; all in whole microseconds.

    now_us: now of the data (`plan.horizon` ends max_gap after the last period, at the latest, or at now).
    stores: store (uint32, rank of the id in byte order), store_id, zone, scope (uint32), hours_unknown: each store.
    periods: scope, number (uint32, in order of time), period (text), start_us, end_us: the periods of each scope; all
    stores of a scope have the same.
    rows: store, number, and `FIGURES`, by store and number: a row for each store and period of its scope. uptime and
    downtime are null where there is business time and none is known, all but polls and outages where hours are unknown.
    profile: a column of text for each attribute of `options.group_by` (`(none)` where empty; named as
    `grouped_stores(…).columns` are), then `CELL`; one group of all without such attributes. Only cells with business
    time. None: it was not wanted.
    outages: `OUTAGE`, by store and start. None: they were not wanted.
    attributes: store_id, name (text; null), a column for each attribute: of each store of the table `stores`. None:
    there is no such table.
    notes: what is worth knowing of the data and no fault of it, as sentences. selection: how the stores were selected;
    quality and notes are those of the whole report.
    """

    plan: Plan
    now_us: int
    stores: pl.DataFrame
    periods: pl.DataFrame
    rows: pl.DataFrame
    profile: pl.DataFrame | None
    outages: pl.DataFrame | None
    attributes: pl.DataFrame | None
    quality: Quality
    rejects: dict[str, pl.DataFrame]
    notes: tuple[str, ...] = ()
    selection: Selection | None = None

    def __repr__(self) -> str:
        """Three lines: source and stores, periods and now, the uptime."""
        options, percent = self.options, self.uptime_percent
        listed = self.provenance["periods"]
        between = " to ".join(dict.fromkeys(name for name in (listed["first"], listed["last"]) if name is not None))
        return (
            f"Report by periods of {self.plan.source}, "
            f"{stores_in_words(options)}\n"
            f"{self.period}: {between or 'no period'} (periods: {listed['number']:,}), now {iso(self.now_us)}\n"
            f"stores: {self.stores.height:,}; up: {'unknown' if percent is None else f'{percent} %'}; "
            f"warnings: {len(self.quality.warnings)}"
        )

    @staticmethod
    def meaning(name: str) -> str:
        """Why a store is on a list of the quality."""
        return LISTS_OF_PERIODS[name]

    @property
    def options(self) -> Options:
        """The options; `period` is what was asked for."""
        return self.plan.options

    @property
    def period(self) -> Period:
        """The periods that were asked for."""
        if self.options.period is None:
            raise ValueError("a report by periods has options with a period")
        return self.options.period

    @property
    def max_gap_us(self) -> int:
        """How far a poll speaks."""
        return microseconds(self.options.far or DEFAULT_MAX_GAP)

    @cached_property
    def exact(self) -> pl.DataFrame:
        """A row for each store and period in whole microseconds, by store and time."""
        return self._exact(self.rows)

    def table(self) -> pl.DataFrame:
        """The same as it is written: hours and percents are DECIMAL(10,2), times in UTC."""
        return written_rows(self.exact)

    def rollup(self, by: str | Sequence[str] = ()) -> pl.DataFrame:
        """A row for each combination of values of attributes and each period; the sums in whole microseconds.

        store_id and name can be used like attributes. Raises UnknownAttribute.
        """
        return rollup(self.rows, self.periods, self._grouped(names_of(by)))

    def rollup_table(self, by: str | Sequence[str] = ()) -> pl.DataFrame:
        """The same as it is written: hours and percents with two decimals."""
        return written_rollup(self.rollup(by))

    @cached_property
    def total(self) -> pl.DataFrame:
        """The roll-up of all stores: a row for each period."""
        return self.rollup()

    def period_states(self) -> pl.DataFrame:
        """period, start_us, end_us, state: each period once, in order of time, from its beginning on the first clock to
        its end on the last."""
        listed = listed_periods(self.periods).drop("row")
        return listed.with_columns(state=state_of(self.now_us, self.max_gap_us))

    @cached_property
    def whole(self) -> pl.DataFrame:
        """store, and the figures of all periods of each store together, in whole microseconds."""
        return whole_period(self.rows)

    def worst_stores(self) -> pl.DataFrame:
        """A row for each store over all its periods, as it is written, with its attributes and zone.

        The worst come first, those without a percent last.
        """
        return stores_of_sheet(self.whole, self.stores, self.attributes)

    @property
    def uptime_percent(self) -> Decimal | None:
        """The uptime of all stores in all periods together, in percent of known time; None: none is known."""
        up, down = (pl.col(name).cast(pl.Int128).sum() for name in ("uptime_us", "downtime_us"))
        return self.whole.select(uptime_percent(up, down)).item()

    @property
    def coverage_percent(self) -> Decimal | None:
        """What is known of the business time of all stores in all periods, in percent; None: there is none."""
        business, unknown = pl.col("business_us").sum(), pl.col("unknown_us").sum()
        return self.total.select(uptime_percent(business - unknown, unknown)).item()

    def profile_table(self) -> pl.DataFrame:
        """The profile as it is written, 168 rows for each group. Raises PartMissing."""
        return profile_cells(self._profile, self._groups_of_profile)

    @property
    def outages_exact(self) -> pl.DataFrame:
        """The outages in whole microseconds, by store and start. Raises PartMissing."""
        return exact_outages(self._outages, self.stores)

    def outages_table(self, longest_first: bool = False) -> pl.DataFrame:
        """The outages as they are written, by start and id, or the longest first. Raises PartMissing."""
        return written_outages(self._ordered_outages(longest_first), self._named_stores)

    def ordered_outages(self, longest_first: bool = False) -> pl.DataFrame:
        """The same in whole microseconds. Raises PartMissing."""
        return exact_outages(self._ordered_outages(longest_first), self.stores)

    def select(self, only: Mapping[str, str | Sequence[str]] | Only | None = None, search: str = "") -> "PeriodReport":
        """The report with some of its stores: of these values of attributes, and with a text in their id or name.

        The profile stays where the stores of each group are all selected, or none is. Raises UnknownAttribute, and
        UnknownValue where nobody has a value.
        """
        selection = Selection(search=search, only=Options(only=only).only)
        if not selection.to_dict():
            return self
        stores = checked_choice(self.stores, self.attributes, selection.only, search)
        return replace(
            self,
            stores=stores,
            rows=self.rows.join(stores, on="store", how="semi", maintain_order="left"),
            profile=self._profile_of(stores),
            outages=None
            if self.outages is None
            else self.outages.join(stores, on="store", how="semi", maintain_order="left"),
            selection=selection,
        )

    @property
    def provenance(self) -> PeriodProvenance:
        """The source, options, periods and horizon of the figures: plain values, times in ISO 8601."""
        listed = listed_periods(self.periods)
        return period_provenance(self.plan, self.now_us, self.max_gap_us, listed, self.selection)

    @property
    def about(self) -> PeriodAbout:
        """Provenance, quality and notes as plain values, for JSON, Parquet and XLSX."""
        about = PeriodAbout(provenance=self.provenance, quality=plain_quality(self.quality), notes=list(self.notes))
        if self.options.group_by:
            about["coverage"] = coverage_of_groups(self.whole, self._grouped(self.options.group_by))
        return about

    def render(self, view: View, file_format: Format) -> bytes:
        """A file of one of the four formats: of the stores, groups, profile or outages; XLSX has them all.

        Groups are those of `options.group_by`. Raises PartMissing, SheetFull, CellFull, and ValueError for other words.
        """
        return b"".join(self.chunks(view, file_format))

    def chunks(self, view: View, file_format: Format) -> Iterator[bytes]:
        """The same file in pieces: of millions of rows only some are in memory as text at once."""
        check_word("view", view, get_args(View))
        check_word("format", file_format, get_args(Format))
        match file_format:
            case "csv":
                return csv_pieces(self._sliced(view))
            case "json":
                total = written_rollup(self.total)
                return json_pieces(self._sliced(view, self._named_stores), ROWS_OF[view], self.about, total)
            case "parquet":
                return parquet_pieces(self._sliced(view), self.about)
            case "xlsx":
                from store_uptime.pipeline.report.periods.workbook import (  # which needs XlsxWriter
                    check_rows,
                    workbook_pieces,
                )

                check_rows("Periods", self.rows.height)  # before the other sheets are computed
                return workbook_pieces(list(self._sheets(view)), self.about)

    def csv_safe(self, view: View) -> bytes:
        """The CSV, with ' before each text that a spreadsheet would run as a formula; this changes the text."""
        return b"".join(self.csv_safe_chunks(view))

    def csv_safe_chunks(self, view: View) -> Iterator[bytes]:
        """The same file in pieces."""
        check_word("view", view, get_args(View))
        return csv_pieces(guarded_texts(self._sliced(view)))

    def rejected_csv(self, table: str) -> bytes:
        """The rejected rows of polls, hours, zones or stores: line, reason, the row as it was, and its surplus."""
        return csv_bytes(self.rejects[table])

    def rejected_csv_safe(self, table: str) -> bytes:
        """The same, with ' before whatever a spreadsheet would run as a formula."""
        return csv_bytes(self.rejects[table].with_columns(guarded(pl.col(pl.String))))

    @cached_property
    def _named_stores(self) -> pl.DataFrame:
        """The stores, with their names where there is a table of them."""
        if self.attributes is None:
            return self.stores
        names = self.attributes.select("store_id", "name")
        return self.stores.join(names, on="store_id", how="left", maintain_order="left")

    def _exact(self, rows: pl.DataFrame) -> pl.DataFrame:
        return exact_rows(rows, self.stores, self.periods, self.now_us, self.max_gap_us)

    def _grouped(self, by: Sequence[str]) -> GroupedStores:
        return grouped_stores(self.stores, self.attributes, by)

    @property
    def _profile(self) -> pl.DataFrame:
        if self.profile is None:
            raise PartMissing("profile") if self.selection is None else PartMissing("profile", NOT_WHOLE_GROUPS)
        return self.profile

    def _ordered_outages(self, longest_first: bool) -> pl.DataFrame:
        return (by_length if longest_first else by_start)(self._outages)

    @property
    def _outages(self) -> pl.DataFrame:
        if self.outages is None:
            raise PartMissing("outages")
        return self.outages

    def _sliced(self, view: View, stores: pl.DataFrame | None = None) -> SlicedTable:
        """A table as it is written. stores: with names, where they are to be shown."""
        match view:
            case "stores":
                return sliced_by(self.rows.height, lambda first, rows: self._piece_of_rows(first, rows, stores))
            case "groups":
                grouped = self._grouped(self.options.group_by)
                blocks = rollup_blocks(self.rows, self.periods, grouped)
                return SlicedTable(rollup_height(self.periods, grouped), blocks).changed(written_rollup)
            case "profile":
                profile, groups = self._profile, self._groups_of_profile
                return sliced_by(
                    groups.height * CELLS,
                    lambda first, rows: profile_cells(profile, groups.slice(first // CELLS, rows // CELLS)),
                )
            case "outages" | "longest-outages":
                order = by_start if view == "outages" else by_length
                outages, named = order(self._outages), self._named_stores
                return sliced_by(outages.height, lambda first, rows: written_outages(outages.slice(first, rows), named))

    def _piece_of_rows(self, first: int, rows: int, stores: pl.DataFrame | None) -> pl.DataFrame:
        """Some of the rows as they are written. stores: with names, where they are to be shown."""
        compact = self.rows.slice(first, rows)
        written = written_rows(self._exact(compact))
        if stores is None or "name" not in stores.columns:
            return written
        names = compact.select("store").join(
            stores.select("store", "name"), on="store", how="left", maintain_order="left"
        )
        return written.insert_column(1, names["name"])

    @property
    def _groups_of_profile(self) -> pl.DataFrame:
        """The groups of the stores, as the profile has them."""
        return self._grouped(self.options.group_by).groups.drop("group")

    def _profile_of(self, stores: pl.DataFrame) -> pl.DataFrame | None:
        """The profile of some of the stores; None where they are not the stores of whole groups."""
        if self.profile is None:
            return None
        grouped = self._grouped(self.options.group_by)
        of_chosen = grouped.of_store.join(stores, on="store", how="semi")["group"].unique()
        of_others = grouped.of_store.join(stores, on="store", how="anti")["group"].unique()
        if of_chosen.is_in(of_others.implode()).any():
            return None
        groups = grouped.groups.filter(pl.col("group").is_in(of_chosen.implode()))
        if not grouped.columns:
            return self.profile
        return self.profile.join(groups, on=grouped.columns, how="semi", maintain_order="left")

    def _sheets(self, view: View) -> Iterator[Sheet]:
        """The sheets of a workbook, but for the last one."""
        per_store = self.worst_stores()
        yield Sheet("Summary", sliced(written_rollup(self.total)), below=per_store.head(WORST_STORES))
        if self.options.group_by:
            yield Sheet("Groups", self._sliced("groups"))
        yield Sheet("Stores", sliced(per_store))
        yield Sheet("Periods", self._sliced("stores", self._named_stores))
        if self.outages is not None:
            yield Sheet("Outages", self._sliced("outages"))
        if view == "profile":
            yield Sheet("Profile", self._sliced("profile"))
