"""Five million polls into PostgreSQL beside a bare COPY of the same rows: `python -m benches.load`.

Each run has a database of its own, with the same tables, indexes and constraints. The bare COPY gets the rows that
`load` accepts, each once, as typed CSV, in the order of the feed. What it does not do: read text by the rules, keep the
rejected rows, ignore repeats, leave the table whole for readers meanwhile, analyze.
`--smoke`: small data, one run of each. Both ways must give the same table.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import psycopg

from benches.arguments import scale
from benches.common import (
    HERE,
    PYTHON,
    STORE_UPTIME,
    Command,
    Run,
    compile_packages,
    machine,
    measured,
    median,
    table,
)
from store_uptime.pipeline import throwaway_server, write_sample
from store_uptime.pipeline.clean.columns import FILE
from store_uptime.pipeline.load.judged_rows import judged_batches, kept_rows
from store_uptime.pipeline.mapping.mapping import AS_NAMED
from store_uptime.pipeline.source.folder.discovery import found_files

STORES, DAYS, TIMES = 3_678, 58, 3
FEWER_DAYS = 12
SMOKE = (200, 20, 1)
CONTENT = "select count(*), sum(hashtext(store_status::text)::int8) from store_status"

Content = tuple[object, ...]


def main() -> None:
    """Make the feeds, measure, print."""
    stores, days, times = scale((STORES, DAYS, TIMES), SMOKE)
    compile_packages()
    with TemporaryDirectory() as folder:
        feed, fewer = (polls_file(Path(folder) / str(length), stores, length) for length in (days, FEWER_DAYS))
        typed = typed_rows(feed, Path(folder) / "typed.csv")
        rejects = Path(folder) / "rejects"
        runs: dict[str, list[Run]] = {"store-uptime load": [], "bare COPY": [], "load, fewer days": []}
        loaded: Content = ()
        for _ in range(times):
            ours, loaded = in_new_server(STORE_UPTIME, "load", str(feed), "--rejects", str(rejects), "--database")
            bare, copied = in_new_server(PYTHON, str(HERE / "bare_copy.py"), last=str(typed))
            if loaded != copied:
                sys.exit(f"the tables differ: (rows, hash) {loaded} after load, {copied} after COPY")
            runs["store-uptime load"].append(ours)
            runs["bare COPY"].append(bare)
        runs["load, fewer days"].append(
            in_new_server(STORE_UPTIME, "load", str(fewer), "--rejects", str(rejects), "--database")[0]
        )
        print(f"{loaded[0]:,} polls of {stores:,} stores: the same table")
    print(machine())
    print(table(runs))
    ours, bare, few = (median(each) for each in runs.values())
    print(f"load / COPY: time {ours.wall_s / bare.wall_s:.2f} (target at most 2.0)")
    print(f"peak memory of {days} days / of {FEWER_DAYS} days: {ours.peak_mib / few.peak_mib:.2f}")


def polls_file(folder: Path, stores: int, days: int) -> Path:
    """A feed's file of polls."""
    write_sample(folder, stores, days)
    return folder / "store_status.csv"


def typed_rows(feed: Path, file: Path) -> Path:
    """The rows that `load` accepts, each once, in the order of the feed, as COPY takes them."""
    polls = found_files(feed).tables["store_status"]
    accepted = pl.concat(judged_batches(polls, "store_status", AS_NAMED)).filter(pl.col("reason").is_null())
    once = accepted.unique(["store_id", "poll_us", "active"], keep="first", maintain_order=True)
    kept_rows(once, "store_status").drop(FILE).write_csv(file, include_header=False)
    return file


def in_new_server(*command: str, last: str | None = None) -> tuple[Run, Content]:
    """A command with the URL of an empty database put last, or last but one; and what the polls then are."""
    # A server for each run: in a common one, a run would write out the dirty pages of the run before.
    with throwaway_server() as url:
        full: Command = (*command, url) if last is None else (*command, url, last)
        run = measured(full)
        with psycopg.connect(url) as connection:
            content = connection.execute(CONTENT).fetchone()
    return run, content or ()


if __name__ == "__main__":
    main()
