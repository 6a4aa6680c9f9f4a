"""A report of 3 678 stores from PostgreSQL, as a whole process, beside the straight script: `python -m benches.report`.

Both run alternately on the same tables; their figures must be the same. The floor lines are what neither can avoid.
`--smoke`: small data, one run of each, the figures checked all the same.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg.sql import SQL

from benches.common import (
    HERE,
    PYTHON,
    STORE_UPTIME,
    Command,
    Run,
    alternately,
    compile_packages,
    machine,
    median,
    own_database,
    said,
    same_figures,
    table,
)
from pipeline import load_files, write_sample

STORES, DAYS, TIMES = 3_678, 21, 7
SMOKE = (200, 10, 1)
HORIZON = """
copy (
    select store_id, timestamp_utc, status = 'active' from store_status
    where timestamp_utc >= (select max(timestamp_utc) from store_status) - interval '192 hours'
) to stdout (format binary)
"""


def main() -> None:
    """Make the tables, measure, say."""
    stores, days, times = SMOKE if "--smoke" in sys.argv[1:] else (STORES, DAYS, TIMES)
    compile_packages()
    with TemporaryDirectory() as folder, own_database() as url:
        filled(url, Path(folder), stores, days)
        ours, straight = Path(folder) / "ours.csv", Path(folder) / "straight.csv"
        runs = alternately(commands(url, ours, straight), times)
        print(f"{same_figures(ours, straight):,} stores, {days} days of polls: the same figures")
        print(machine())
        print(table(runs | {"COPY of the horizon to nowhere": [copied(url) for _ in range(times)]}))
        shares(median(runs["store-uptime report"]), median(runs["straight script"]))


def filled(url: str, folder: Path, stores: int, days: int) -> None:
    """The three tables, loaded from a clean sample and settled."""
    write_sample(folder / "feed", stores, days, file_format="parquet")
    for _ in load_files(folder / "feed", url, folder / "rejects"):
        pass
    said(url, SQL("vacuum analyze"))


def commands(url: str, ours: Path, straight: Path) -> dict[str, Command]:
    """What is run, in this order."""
    return {
        "store-uptime report": (STORE_UPTIME, "report", "--source", url, "--out", str(ours)),
        "straight script": (PYTHON, str(HERE / "straight.py"), url, str(straight)),
        "floor: the straight one's imports": (PYTHON, "-c", "import connectorx, duckdb, pyarrow"),
        "floor: all imports": (PYTHON, "-c", "import polars, duckdb, connectorx, psycopg, pyarrow, cyclopts, rich"),
        "floor: the bare interpreter": (PYTHON, "-c", "pass"),
    }


def copied(url: str) -> Run:
    """The horizon's polls brought here by COPY and dropped: time only, without any start of a process."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        began, worked = time.perf_counter(), time.process_time()
        with cursor.copy(HORIZON) as rows:
            for _ in rows:
                pass
        return Run(time.perf_counter() - began, time.process_time() - worked, 0)


def shares(ours: Run, straight: Run) -> None:
    """The ratios of the medians."""
    print(f"ours / straight: time {ours.wall_s / straight.wall_s:.2f} (target 1.00), processor", end=" ")
    print(f"{ours.cpu_s / straight.cpu_s:.2f}, peak memory {ours.peak_mib / straight.peak_mib:.2f}")


if __name__ == "__main__":
    main()
