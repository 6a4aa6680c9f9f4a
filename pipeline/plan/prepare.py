"""Clean and plan: the raw tables of a source in; all that its figures follow from out."""

from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from store_uptime.pipeline.calendar.tzdata import tzdata_version
from store_uptime.pipeline.clean.poll_reasons import poll_reasons
from store_uptime.pipeline.clean.polls import CleanedPolls, clean_all_polls, clean_polls
from store_uptime.pipeline.clean.raw import RawTables
from store_uptime.pipeline.clean.split import CleanedTable, clean_hours, clean_zones
from store_uptime.pipeline.clean.stores import clean_stores
from store_uptime.pipeline.data_warnings import DataWarning
from store_uptime.pipeline.options import Horizon, Options
from store_uptime.pipeline.plan.partitions import CodeRange, code_ranges
from store_uptime.pipeline.plan.plan import STORE_COLUMNS, DeclaredStores, Plan, declare_stores
from store_uptime.pipeline.source.frames import rows_of_store
from store_uptime.pipeline.source.protocol import Source
from store_uptime.pipeline.table_plausibility import unreadable_text


@dataclass(frozen=True)
class Prepared:
    """A run whose source has been read. polls: on the line, rejected, and counted; hours, zones: judged; stores: see
    `clean_stores`; None: there is no such table. reasons: see `poll_reasons`; None: they were not read."""

    source: Source
    options: Options
    horizon: Horizon
    declared: DeclaredStores
    polls: CleanedPolls
    hours: CleanedTable
    zones: CleanedTable
    stores: CleanedTable | None = None
    reasons: pl.DataFrame | None = None

    @cached_property
    def code_ranges(self) -> list[CodeRange]:
        """The stores of the run in ranges; those of one are a partition."""
        return list(code_ranges(self.polls.lines, len(self.source.codes)))

    @property
    def tables(self) -> dict[str, CleanedPolls | CleanedTable]:
        """The tables by name: polls, hours, zones, and stores where that is there."""
        optional = {} if self.stores is None else {"stores": self.stores}
        return {"polls": self.polls, "hours": self.hours, "zones": self.zones, **optional}

    @property
    def warnings(self) -> list[DataWarning]:
        """Those of the source, and what its table `stores` shows."""
        return [*self.source.warnings, *unreadable_text(None if self.stores is None else self.stores.unreadable)]

    @property
    def attributes(self) -> pl.DataFrame | None:
        """store_id (text), name, and a column for each attribute of the stores; None: there is no such table."""
        return None if self.stores is None else self.stores.accepted.with_columns(pl.col("store_id").cast(pl.String))

    @property
    def rejected(self) -> dict[str, pl.DataFrame]:
        """By table, the rejected rows: file, line, reason, and the row as it was."""
        return {name: table.rejected for name, table in self.tables.items()}


def prepare_run(source: Source, options: Options, horizon: Horizon, raw: RawTables) -> Prepared:
    """Clean the tables, which may still be on their way."""
    # Hours and zones come first, since a database is still sending the polls: this work then costs no time.
    hours, zones = clean_hours(raw.hours(), source.codes, source.mapping), clean_zones(raw.zones(), source.codes)
    described = rows_of_store(raw.stores(), options.store)
    stores = clean_stores(described, source.codes) if described else None
    declared = declare_stores(hours, zones, stores, source.codes, horizon)
    clean = clean_all_polls if source.counts_outside_horizon else clean_polls
    polls = clean(raw.polls(), source.codes, horizon)
    polls = replace(polls, counts=replace(polls.counts, files_not_opened=source.files_not_opened))
    return Prepared(source, options, horizon, declared, polls, hours, zones, stores)


def with_reasons(prepared: Prepared, raw: RawTables) -> Prepared:
    """The same with the reasons of its polls."""
    source = prepared.source
    return replace(prepared, reasons=poll_reasons(raw.reasons(), source.codes, prepared.horizon, source.mapping))


def make_plan(prepared: Prepared, stores: pl.DataFrame, intervals: pl.DataFrame, polled: pl.DataFrame) -> Plan:
    """The plan of a run, once its polls are known. stores: see `ranked_stores`; intervals: code, open_us, close_us;
    polled: those of the stores that have a poll."""
    source, declared = prepared.source, prepared.declared
    mentioned = declared.stores.select("code").join(source.codes.table, on="code")
    return Plan(
        source=source.name,
        options=prepared.options,
        horizon=prepared.horizon,
        stores=stores.select(STORE_COLUMNS),
        intervals=intervals.join(stores.select("code", "store"), on="code").select("store", "open_us", "close_us"),
        not_observed=mentioned.join(polled, on="code", how="anti")["store_id"].sort(),
        observed_ids={
            name: (codes.join(polled, on="code", how="semi").height, codes.height)
            for name, codes in declared.codes.items()
        },
        tzdata=tzdata_version(),
        mapping=source.mapping,
    )
