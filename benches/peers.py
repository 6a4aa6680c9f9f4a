"""The same report written by hand in other ways, beside ours: `python -m benches.peers`.

Each of `benches/peers/` is a short program of its own, and its head says what it leaves out. All are whole processes on
the same sample, in PostgreSQL or in Parquet, run alternately. Before anything is timed each has to give our figures,
cell by cell; what does not is named and not timed. The table is Markdown.
`--smoke`: small data, the figures alone. What it compares with is in the dependency group `bench`.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benches.common import (
    HERE,
    PYTHON,
    STORE_UPTIME,
    Run,
    alternately,
    compile_packages,
    differing,
    machine,
    measured,
    median,
    own_database,
)
from benches.report import filled

STORES, DAYS, TIMES = 3_678, 21, 5
SMOKE = (150, 9, 1)
IN_POSTGRES = {
    "straight script: ConnectorX, DuckDB": HERE / "straight.py",
    "one query in PostgreSQL": HERE / "peers/postgres_sql.py",
    "per-store Python, psycopg": HERE / "peers/per_store.py",
}
IN_PARQUET = {
    "DuckDB alone": HERE / "peers/duckdb_alone.py",
    "Polars alone": HERE / "peers/polars_alone.py",
    "DataFusion": HERE / "peers/datafusion_alone.py",
    "chDB": HERE / "peers/chdb_alone.py",
    "pandas": HERE / "peers/pandas_frames.py",
}
OURS = ("store-uptime, PostgreSQL", "store-uptime, Parquet")


def main() -> None:
    """Make the data, check, measure, say."""
    is_smoke = "--smoke" in sys.argv[1:]
    stores, days, times = SMOKE if is_smoke else (STORES, DAYS, TIMES)
    compile_packages()
    with TemporaryDirectory() as name, own_database() as url:
        folder = Path(name)
        filled(url, folder, stores, days)
        feed = folder / "feed"
        commands = {
            OURS[0]: (STORE_UPTIME, "report", "--source", url, "--out", str(folder / f"{OURS[0]}.csv")),
            **{peer: (PYTHON, str(path), url, str(folder / f"{peer}.csv")) for peer, path in IN_POSTGRES.items()},
            OURS[1]: (STORE_UPTIME, "report", "--source", str(feed), "--out", str(folder / f"{OURS[1]}.csv")),
            **{peer: (PYTHON, str(path), str(feed), str(folder / f"{peer}.csv")) for peer, path in IN_PARQUET.items()},
        }
        for command in commands.values():
            measured(command)
        exact = {peer: command for peer, command in commands.items() if agrees(folder, peer)}
        if is_smoke:
            print(f"{len(exact)} of {len(commands)} programs, {stores} stores: the same figures")
            return
        runs = alternately(exact, times)
    print(f"{machine()}\n\n{stores:,} stores, {days} days of polls, whole processes\n")
    print(table(runs))


def agrees(folder: Path, peer: str) -> bool:
    """Whether a program gives our figures; where not, one difference is said."""
    difference = differing(folder / f"{OURS[0]}.csv", folder / f"{peer}.csv")
    if difference:
        print(f"{peer} computes something else and is not timed: {difference}")
    return not difference


def table(runs: dict[str, list[Run]]) -> str:
    """Markdown: each program beside ours on the same source."""
    lines = ["| | median s | least to most | times ours | peak MiB |", "| --- | --- | --- | --- | --- |"]
    for peer, each in runs.items():
        middle, walls = median(each), [run.wall_s for run in each]
        ours = median(runs[OURS[1] if peer in (*IN_PARQUET, OURS[1]) else OURS[0]])
        spread = f"{min(walls):.2f} to {max(walls):.2f}"
        lines.append(
            f"| {peer} | {middle.wall_s:.2f} | {spread} | {middle.wall_s / ours.wall_s:.2f} | {middle.peak_mib:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
