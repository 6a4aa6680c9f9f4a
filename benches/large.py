"""200 000 stores from unsorted Parquet, about 37 million polls: `python -m benches.large`.

It fails where the process takes 3 GiB or more at its peak, of which DuckDB may use 2. The feed is made once and kept in
the user's cache folder (330 MB). The figures are checked against the straight script's query over the same files.
`--smoke`: 500 stores, made anew, without the limit.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import platformdirs

from benches.common import PYTHON, STORE_UPTIME, compile_packages, machine, measured, same_figures, table
from pipeline import write_sample

STORES, DAYS = 200_000, 8
SMOKE_STORES = 500
MOST_MIB = 3 * 1024
TIMES = 3
STRAIGHT = "import sys; from benches.straight import over_parquet; over_parquet(*sys.argv[1:])"


def main() -> None:
    """Make the feed where there is none, measure, check."""
    smoke = "--smoke" in sys.argv[1:]
    compile_packages()
    with TemporaryDirectory() as folder:
        feed = made(Path(folder) / "feed", SMOKE_STORES) if smoke else made(kept_folder(), STORES)
        ours, straight = Path(folder) / "ours.csv", Path(folder) / "straight.csv"
        command = (STORE_UPTIME, "report", "--source", str(feed), "--out", str(ours))
        runs = [measured(command) for _ in range(1 if smoke else TIMES)]
        measured((PYTHON, "-c", STRAIGHT, str(feed), str(straight)))
        print(f"{same_figures(ours, straight):,} stores, {DAYS} days of polls in Parquet: the straight query's figures")
    print(machine())
    print(table({"store-uptime report": runs}))
    peak = max(run.peak_mib for run in runs)
    if peak >= MOST_MIB and not smoke:
        sys.exit(f"peak memory is {peak:.0f} MiB, the target less than {MOST_MIB}")


def kept_folder() -> Path:
    """Where the large feed stays between two runs; delete it when the sample has changed."""
    return Path(platformdirs.user_cache_dir("store-uptime-benches")) / f"{STORES}x{DAYS}"


def made(feed: Path, stores: int) -> Path:
    """The feed, made if it is not there; the polls are written last, and whole or not at all."""
    if not (feed / "store_status.parquet").exists():
        write_sample(feed, stores, DAYS, file_format="parquet", replace=True)
    return feed


if __name__ == "__main__":
    main()
