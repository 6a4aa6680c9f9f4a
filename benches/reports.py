"""Rows of whole processes: a report beside its peers and the floors, and the stage alone.

large, huge   from unsorted Parquet, ids as text, beside Polars alone, DuckDB alone and reading the file once
parquet       the usual sample, beside the same
postgres      beside the straight script and a query for each store
csv           beside the version that was given
stage         sorted packed polls and business intervals in, figures out, beside reading the polls
"""

from functools import partial
from pathlib import Path

import polars as pl

from benches.common import HERE, PYTHON, Failed, Outcome, Program, compared, differing, measured
from benches.data import Data, Version

POLARS, DUCKDB = "Polars alone", "DuckDB alone"
STRAIGHT, PER_STORE = "straight script: ConnectorX, DuckDB", "per-store Python, psycopg"
READING, STAGE = "reading the file once", "stage"
READ = "import sys, polars as pl; pl.scan_parquet(sys.argv[1]).select({}).collect(engine='streaming')"
EVERY_COLUMN, HOW_MANY_UP = "pl.all().max()", "(pl.col('poll') % 2).sum()"


def large(data: Data) -> Outcome:
    """37 million polls."""
    return from_parquet(data, data.large, data.new_folder("large reports"), data.sizes.times_large)


def huge(data: Data) -> Outcome:
    """187 million polls; a peer that takes ten minutes or too much memory is ended, and said so."""
    return from_parquet(data, data.huge, data.new_folder("huge reports"), data.sizes.times_large)


def parquet(data: Data) -> Outcome:
    """1.8 million polls."""
    return from_parquet(data, data.sample, data.new_folder("Parquet reports"), data.sizes.times)


def from_parquet(data: Data, feed: Path, out: Path, times: int) -> Outcome:
    """Ours, the peers that read files, and the reading."""
    programs = [
        *(version.report(str(feed), out) for version in data.versions),
        peer(POLARS, "polars_alone.py", str(feed), out),
        peer(DUCKDB, "duckdb_alone.py", str(feed), out),
        Program(READING, partial(measured, (PYTHON, "-c", READ.format(EVERY_COLUMN), polls_of(feed)))),
    ]
    return compared(programs, times)


def postgres(data: Data) -> Outcome:
    """1.8 million polls."""
    out = data.new_folder("PostgreSQL reports")
    programs = [
        *(version.report(data.postgres, out) for version in data.versions),
        peer(STRAIGHT, "straight.py", data.postgres, out),
        peer(PER_STORE, "per_store.py", data.postgres, out),
    ]
    return compared(programs, data.sizes.times)


def csv(data: Data) -> Outcome:
    """1.8 million polls."""
    out = data.new_folder("CSV reports")
    return compared([version.report(str(data.csv), out) for version in data.versions], data.sizes.times)


def peer(name: str, file: str, source: str, out: Path) -> Program:
    """A program of peers/; its head says what it leaves out. It runs where it writes, for DuckDB's spilled pages."""
    report = out / f"{name.partition(':')[0]}.csv"
    command = (PYTHON, str(HERE / "peers" / file), source, str(report))
    return Program(name, partial(measured, command, out), report)


def polls_of(feed: Path) -> str:
    return str(feed / "store_status.parquet")


# --- The stage ---


def stage(data: Data) -> Outcome:
    """Each version packs for itself, as no two need to pack alike."""
    folder = data.new_folder("stage")
    report = data.ours.report(str(data.large), folder)
    report.run()
    programs: list[Program] = []
    for version in data.versions:
        packed = folder / f"{version.name} packed"
        measured(version.function("stage", "packed_feed", data.large, packed), version.folder)
        programs.append(stage_of(version, packed, folder))
    check_sums(folder, programs, folder / f"{data.ours.name}.csv")
    polls = folder / f"{data.ours.name} packed" / "polls.parquet"
    programs.append(Program(READING, partial(measured, (PYTHON, "-c", READ.format(HOW_MANY_UP), str(polls)))))
    return compared(programs, data.sizes.times_large)


def stage_of(version: Version, packed: Path, folder: Path) -> Program:
    """The stage over packed polls, its sums in a file under its name."""
    name = version.named(STAGE)
    command = version.function("stage", "ours", packed, folder / f"{name}.parquet")
    return Program(name, partial(measured, command, version.folder))


def check_sums(folder: Path, programs: list[Program], report: Path) -> None:
    """End where the figures of a stage are not those of the report, whose order is theirs."""
    plain = folder / "plain.csv"
    pl.read_csv(report).drop("store_id").write_csv(plain, float_precision=2)
    for program in programs:
        program.run()
        rounded = folder / f"{program.name}.csv"
        as_report(pl.read_parquet(folder / f"{program.name}.parquet"), pl.read_csv(plain)).write_csv(
            rounded, float_precision=2
        )
        if difference := differing(plain, rounded):
            raise Failed(f"{program.name} computes something else than the report: {difference}")


def as_report(sums: pl.DataFrame, report: pl.DataFrame) -> pl.DataFrame:
    """Microseconds as the report's columns have them; null where the report knows nothing."""
    columns = []
    for column in report.columns:
        what, unit = column.rstrip(")").split("(")
        us = pl.col(f"{what}_us").fill_null(0)
        hundredths = (us * 100 / {"minutes": 60_000_000, "hours": 3_600_000_000}[unit]).round(0, "half_to_even")
        columns.append(pl.when(report[column].is_not_null()).then(hundredths / 100).alias(column))
    return sums.sort("store").select(columns)
