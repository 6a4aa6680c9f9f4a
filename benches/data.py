"""What the rows read: samples, made when a row first asks for one, and the versions of ours that are run.

sample, csv, postgres   3 678 stores, 21 days, the same polls in all three; typed, so that no row is rejected
large, huge             200 000 stores and 1 000 000, 8 days, in unsorted Parquet; kept in the user's cache folder
many_stores             200 000 stores in PostgreSQL, or as many as `--stores` says; kept too
"""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs
import polars as pl
import psycopg
from psycopg.sql import SQL, Identifier

from benches.bare_copy import copy_into, creation
from benches.common import HERE, PYTHON, Program, execute, measured, typed_rows
from store_uptime.pipeline import embedded_server, load_files, throwaway_server, write_sample
from store_uptime.pipeline.embedded.data_dir import default_data_dir
from store_uptime.pipeline.sample.sample import TABLES
from store_uptime.pipeline.sample.writing import write_csv
from store_uptime.pipeline.tables import COLUMNS

OURS, BEFORE = "store-uptime", "version beside"
HORIZON_DAYS = 8


@dataclass(frozen=True)
class Version:
    """Ours, or a checkout of another version with its own `.venv`."""

    name: str
    folder: Path
    python: str

    @property
    def command(self) -> str:
        """Its `store-uptime`."""
        return str(Path(self.python).with_name("store-uptime"))

    def named(self, what: str) -> str:
        """What it does, under a name that says whether it is the other version."""
        return what if self.name == OURS else f"{what} ({self.name})"

    def report(self, source: str, out: Path) -> Program:
        """A report of all stores as a whole process."""
        file = out / f"{self.name}.csv"
        command = (self.command, "report", "--source", source, "--out", str(file))
        return Program(self.name, partial(measured, command), file)

    def function(self, module: str, name: str, *arguments: object) -> Sequence[str]:
        """A command that calls a function of its benches with texts; it is to run in its folder."""
        code = f"import sys; from benches.{module} import {name}; {name}(*sys.argv[1:])"
        return self.python, "-c", code, *map(str, arguments)


def versions(checkout: str | None) -> list[Version]:
    """Ours, and the one beside it if there is any."""
    ours = Version(OURS, HERE.parent, PYTHON)
    if checkout is None:
        return [ours]
    folder = Path(checkout).absolute()
    python = folder / ".venv" / "bin" / "python"
    if not python.with_name("store-uptime").exists():
        sys.exit(f"{checkout} has no .venv with store-uptime in it: run `uv sync` there")
    return [ours, Version(BEFORE, folder, str(python))]


@dataclass(frozen=True)
class Sizes:
    """Stores and days of the sample, stores of what is larger and may be kept, how often each program runs, how many
    polls a part has, and how many workers a cluster."""

    stores: int = 3_678
    days: int = 21
    large: int = 200_000
    huge: int = 1_000_000
    in_postgres: int = 200_000
    times: int = 7
    times_large: int = 5
    part_polls: int = 4_000_000
    workers: int = 2
    are_kept: bool = True


SMOKE = Sizes(
    stores=150,
    days=9,
    large=300,
    huge=400,
    in_postgres=120,
    times=1,
    times_large=1,
    part_polls=10_000,
    workers=1,
    are_kept=False,
)


@dataclass
class Data:
    """A folder for what is thrown away, and what there is in it and elsewhere; `stack` ends the servers."""

    folder: Path
    stack: ExitStack
    sizes: Sizes
    versions: Sequence[Version]

    @property
    def ours(self) -> Version:
        """The version that the others stand beside."""
        return self.versions[0]

    def new_folder(self, name: str) -> Path:
        """For what a row writes."""
        (folder := self.folder / name).mkdir()
        return folder

    @cached_property
    def sample(self) -> Path:
        """As Parquet."""
        write_sample(self.folder / "sample", self.sizes.stores, self.sizes.days, file_format="parquet")
        return self.folder / "sample"

    @cached_property
    def csv(self) -> Path:
        """The Parquet written anew: a sample made as CSV has rows to be rejected."""
        folder = self.new_folder("csv")
        for name in TABLES:
            write_csv(folder / f"{name}.csv", [pl.read_parquet(self.sample / f"{name}.parquet")])
        return folder

    @cached_property
    def postgres(self) -> str:
        """In a server of its own."""
        url = self.stack.enter_context(throwaway_server())
        load_files(self.sample, url, self.folder / "rejects")
        execute(url, SQL("vacuum analyze"), SQL("checkpoint"))
        return url

    @cached_property
    def large(self) -> Path:
        """200 000 stores."""
        return self._kept(self.sizes.large)

    @cached_property
    def huge(self) -> Path:
        """1 000 000 stores, 1.7 GB."""
        return self._kept(self.sizes.huge)

    @cached_property
    def many_stores(self) -> str:
        """The tables of so many stores; the data directory is kept, unless the data are small."""
        stores = self.sizes.in_postgres
        if self.sizes.are_kept:
            url = self.stack.enter_context(embedded_server(default_data_dir() / f"benches-{stores}"))
        else:
            url = new_database(self.postgres, "many_stores")
        if not has_polls(url):
            copied_tables(url, self._kept(stores), self.folder)
        return url

    def _kept(self, stores: int) -> Path:
        """A feed in the cache folder; delete it when the sample has changed. Small ones are made anew."""
        kept = Path(platformdirs.user_cache_dir("store-uptime-benches")) if self.sizes.are_kept else self.folder
        feed = kept / f"{stores}x{HORIZON_DAYS}"
        if not (feed / "store_status.parquet").exists():  # the polls are written last, and whole or not at all
            write_sample(feed, stores, HORIZON_DAYS, file_format="parquet", existing="replace")
        return feed


def new_database(url: str, name: str, template: str = "template1") -> str:
    """The URL of a database that was made just now; one of that name is gone."""
    new, like = Identifier(name), Identifier(template)
    with psycopg.connect(url, dbname="template1", autocommit=True) as connection:
        connection.execute(SQL("drop database if exists {} with (force)").format(new))
        connection.execute(SQL("create database {} template {}").format(new, like))
    return urlsplit(url)._replace(path=f"/{name}").geturl()


# --- Tables without judging ---


def has_polls(url: str) -> bool:
    """Whether all three tables were filled: the transaction that does it is whole or absent."""
    with psycopg.connect(url) as connection:
        return connection.execute("select to_regclass('store_status') is not null").fetchone() == (True,)


def copied_tables(url: str, feed: Path, folder: Path) -> None:
    """The tables that `load` makes, filled by COPY, and their indexes made last: minutes where `load` takes an hour."""
    file = folder / "typed.csv"
    with psycopg.connect(url) as connection:
        connection.execute(creation())
        connection.execute("drop index store_status_once, store_status_of_store")
        for table, columns in COLUMNS.items():
            typed_rows(feed / f"{table}.parquet", columns, file)
            copy_into(connection, table, columns, file)
        connection.execute("set maintenance_work_mem = '1GB'")
        connection.execute(creation())
    execute(url, SQL("vacuum analyze"), SQL("checkpoint"))
