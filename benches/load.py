"""Five million polls into PostgreSQL beside a bare COPY of the same rows: `python -m benches.load`.

Each run has a database of its own, with the same tables, indexes and constraints. The bare COPY gets the same polls
typed, each once, in no order. What it does not do: read text by the rules, keep the rejected rows, ignore repeats,
leave the table whole for readers meanwhile, analyze. A third way is the load of fewer days, for its memory.
`--smoke`: small data, one run of each. Both ways must give the same table.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

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
    runs_table,
    typed_rows,
)
from store_uptime.pipeline import throwaway_server, write_sample
from store_uptime.pipeline.tables import COLUMNS

STORES, DAYS, TIMES = 3_678, 58, 3
FEWER_DAYS = 12
SMOKE = (200, 20, 1)
CONTENT = "select count(*), sum(hashtext(store_status::text)::int8) from store_status"
LOAD, COPY, FEWER = "store-uptime load", "bare COPY", "store-uptime load, fewer days"

Content = tuple[object, ...]


def main() -> None:
    """Make the feeds, measure, print."""
    stores, days, times = scale((STORES, DAYS, TIMES), SMOKE)
    compile_packages()
    with TemporaryDirectory() as name:
        folder = Path(name)
        for length in (days, FEWER_DAYS):
            write_sample(folder / str(length), stores, length)
        write_sample(folder / "typed", stores, days, file_format="parquet")
        typed_rows(folder / "typed" / "store_status.parquet", COLUMNS["store_status"], folder / "typed.csv")
        ways = {
            LOAD: loading(folder, str(days)),
            COPY: [PYTHON, str(HERE / "bare_copy.py"), "URL", str(folder / "typed.csv")],
            FEWER: loading(folder, str(FEWER_DAYS)),
        }
        runs = in_turn(ways, times)
    print(f"{machine()}\n\n{stores:,} stores, {days} days of polls\n\n{runs_table(runs)}\n")
    ours, bare, few = (median(each) for each in runs.values())
    print(f"load / COPY: time {ours.wall_s / bare.wall_s:.2f} (target at most 2.0)")
    print(f"peak memory of {days} days / of {FEWER_DAYS} days: {ours.peak_mib / few.peak_mib:.2f}")


def loading(folder: Path, feed: str) -> Command:
    """A load of a feed's polls."""
    polls = str(folder / feed / "store_status.csv")
    return [STORE_UPTIME, "load", polls, "--rejects", str(folder / "rejects"), "--database", "URL"]


def in_turn(ways: dict[str, Command], times: int) -> dict[str, list[Run]]:
    """So many runs of each; ends where a load does not give the table that COPY gives."""
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    for _ in range(times):
        tables: dict[str, Content] = {}
        for name, command in ways.items():
            run, tables[name] = in_new_server(command)
            runs[name].append(run)
        if tables[LOAD] != tables[COPY]:
            sys.exit(f"the tables differ: (rows, hash) {tables[LOAD]} after load, {tables[COPY]} after COPY")
    return runs


def in_new_server(command: Sequence[str]) -> tuple[Run, Content]:
    """A command with the address of an empty database for `URL`, and what the polls then are."""
    # A server for each run: in a common one, a run would write out the dirty pages of the run before.
    with throwaway_server() as url:
        run = measured([url if word == "URL" else word for word in command])
        with psycopg.connect(url) as connection:
            content = connection.execute(CONTENT).fetchone()
    return run, content or ()


if __name__ == "__main__":
    main()
