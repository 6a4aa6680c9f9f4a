"""200 000 stores, about 37 million polls, beside the reading alone: `python -m benches.large`.

    report   `store-uptime report` from unsorted Parquet with ids as text, beside Polars reading the file once
    stage    from sorted whole numbers on: the stage, Polars' join_asof with the same sums, and the reading

All are whole processes. The figures of the report are checked against the straight script's query over the same files,
those of the stage against join_asof's. The feed, and its packed polls, are made once and kept in the user's cache
folder (330 MB and 160 MB). `--smoke`: 500 stores, made anew, one run, nothing judged.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import platformdirs
import polars as pl

from benches.arguments import is_smoke
from benches.common import (
    PYTHON,
    STORE_UPTIME,
    Run,
    alternately,
    at_most,
    compile_packages,
    machine,
    markdown,
    measured,
    median,
    same_figures,
    spread,
)
from store_uptime.pipeline import write_sample

STORES, DAYS, TIMES = 200_000, 8, 3
SMOKE_STORES = 500
STRAIGHT = "import sys; from benches.straight import over_parquet; over_parquet(*sys.argv[1:])"
PACK = "import sys; from benches.stage import packed_feed; packed_feed(*sys.argv[1:])"
OURS = "import sys; from benches.stage import ours; ours(*sys.argv[1:])"
ASOF = "import sys; from benches.asof import over; over(*sys.argv[1:])"
READ = "import sys, polars as pl; pl.scan_parquet(sys.argv[1]).select({}).collect(engine='streaming')"
EVERY_COLUMN, HOW_MANY_UP = "pl.all().max()", "(pl.col('poll') % 2).sum()"
REPORT, READING, STAGE, JOIN = "store-uptime report", "reading the file once", "the stage", "join_asof and sums"

Runs = Mapping[str, Sequence[Run]]


def main() -> None:
    """Make the feed where there is none, measure, check, print."""
    compile_packages()
    with TemporaryDirectory() as name:
        folder = Path(name)
        kept, stores, times = (folder, SMOKE_STORES, 1) if is_smoke() else (kept_folder(), STORES, TIMES)
        feed = made(kept / f"{stores}x{DAYS}", stores)
        packed = made_packed(kept / f"{stores}x{DAYS} packed", feed)
        reports, stages = measured_report(feed, folder, times), measured_stage(packed, folder, times)
    print(f"{machine()}\n\n{stores:,} stores, {DAYS} days of polls in unsorted Parquet, runs of each: {times}\n")
    print(table(reports))
    print(f"\nThe same polls packed and sorted, one number each:\n\n{table(stages)}")
    if not is_smoke():
        print("\n".join(["", *targets(reports, stages)]))


def kept_folder() -> Path:
    """Where the large feed stays between two runs; delete it when the sample or the packing has changed."""
    return Path(platformdirs.user_cache_dir("store-uptime-benches"))


def made(feed: Path, stores: int) -> Path:
    """The feed, made if it is not there; the polls are written last, and whole or not at all."""
    if not (feed / "store_status.parquet").exists():
        write_sample(feed, stores, DAYS, file_format="parquet", existing="replace")
    return feed


def made_packed(packed: Path, feed: Path) -> Path:
    """The same packed, made if it is not there; `horizon.json` is written last."""
    if not (packed / "horizon.json").exists():  # the last file of the packing: without it, another run was ended
        measured(python(PACK, feed, packed))
    return packed


def python(program: str, *arguments: Path) -> list[str]:
    """A command that runs a program written in Python."""
    return [PYTHON, "-c", program, *map(str, arguments)]


def measured_report(feed: Path, folder: Path, times: int) -> Runs:
    """The report and the reading, once the figures have been checked."""
    ours, straight = folder / "ours.csv", folder / "straight.csv"
    programs: dict[str, Callable[[], Run]] = {
        REPORT: partial(measured, (STORE_UPTIME, "report", "--source", str(feed), "--out", str(ours))),
        READING: partial(measured, python(READ.format(EVERY_COLUMN), feed / "store_status.parquet")),
    }
    warmed_up(programs)
    measured(python(STRAIGHT, feed, straight))
    print(f"{same_figures(ours, straight):,} stores: the report has the straight query's figures")
    return alternately(programs, times)


def measured_stage(packed: Path, folder: Path, times: int) -> Runs:
    """The stage, join_asof and the reading, once both have been found to give the same."""
    ours, join = folder / "stage.parquet", folder / "join.parquet"
    programs: dict[str, Callable[[], Run]] = {
        STAGE: partial(measured, python(OURS, packed, ours)),
        JOIN: partial(measured, python(ASOF, packed, join)),
        READING: partial(measured, python(READ.format(HOW_MANY_UP), packed / "polls.parquet")),
    }
    warmed_up(programs)
    print(f"{same_sums(ours, join):,} stores: the stage has join_asof's sums")
    return alternately(programs, times)


def warmed_up(programs: Mapping[str, Callable[[], Run]]) -> None:
    """Run each once."""
    for program in programs.values():
        program()


def same_sums(one: Path, other: Path) -> int:
    """How many stores both have; ends where they differ in any sum, or are empty."""
    ours, theirs = pl.read_parquet(one), pl.read_parquet(other)
    if ours.is_empty() or not ours.equals(theirs):
        sys.exit(f"the sums differ:\n{ours.join(theirs, on=ours.columns, how='anti').head()}")
    return ours.height


# --- The table ---


def table(runs: Runs) -> str:
    """Markdown: a program a line, beside the reading."""
    head = ["", "median s", "least – most", "processor s", "peak MiB", "times the reading"]
    return markdown(head, [cells(name, each, median(runs[READING])) for name, each in runs.items()])


def cells(name: str, runs: Sequence[Run], reading: Run) -> list[str]:
    """A line of the table; memory is that of the run that took the most."""
    middle, peak = median(runs), max(run.peak_mib for run in runs)
    walls = spread([run.wall_s for run in runs])
    return [name, *walls, f"{middle.cpu_s:.2f}", f"{peak:.0f}", f"{middle.wall_s / reading.wall_s:.2f}"]


def targets(reports: Runs, stages: Runs) -> list[str]:
    """What this run says about each target."""
    report, reading = median(reports[REPORT]), median(reports[READING])
    stage, join, floor = (median(stages[name]) for name in (STAGE, JOIN, READING))
    most = {name: max(run.peak_mib for run in runs[name]) for runs, name in ((reports, REPORT), (stages, STAGE))}
    return [
        at_most("report / reading", report.wall_s / reading.wall_s, 3),
        at_most("report, peak memory", most[REPORT], 1536, " MiB"),
        at_most("stage / reading", stage.wall_s / floor.wall_s, 3),
        at_most("stage / join_asof", stage.wall_s / join.wall_s, 1),
        at_most("stage, peak memory", most[STAGE], 512, " MiB"),
    ]


if __name__ == "__main__":
    main()
