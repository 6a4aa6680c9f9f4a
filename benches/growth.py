"""What a poll costs as there are ten times as many, and what a long history costs: `python -m benches.growth`.

Reports from Parquet as whole processes, with 10^4 to 10^7 polls in the horizon. Beside each the same number of stores
with a history ten times as long, which is read to be left out; not beside the largest, as it would be larger still.
Both tables are Markdown. `--large`: up to 10^8 polls, some gigabytes of files. `--smoke`: two small sizes, one run of
each, and only whether there are figures. Not seen here: PostgreSQL, CSV, and more hours or longer ids per store.
"""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from benches.arguments import has, is_smoke
from benches.common import (
    STORE_UPTIME,
    Command,
    Outcome,
    Program,
    Run,
    compile_packages,
    machine,
    measured,
    median,
    timed_in_turn,
)
from store_uptime.pipeline import write_sample

LEAST, MOST, LARGE = 10**4, 10**7, 10**8
SMOKE = (10**3, 10**4)
DAYS, LONGER = 8, 10  # the horizon, and how many times as long the long history is
POLLS_OF_A_STORE = 188  # in the horizon: one an hour, less the missing ones
TIMES = 3


@dataclass(frozen=True)
class Feed:
    """A sample in Parquet, and where its report goes."""

    folder: Path
    stores: int
    polls: int

    @property
    def report(self) -> Path:
        """Not in the folder, where it would be taken for a table."""
        return self.folder.with_suffix(".csv")

    @property
    def command(self) -> Command:
        """What is measured."""
        return STORE_UPTIME, "report", "--source", str(self.folder), "--out", str(self.report)


def main() -> None:
    """Make the feeds, measure, print."""
    least, most = SMOKE if is_smoke() else (LEAST, LARGE if has("--large") else MOST)
    if not is_smoke():
        compile_packages()
    with TemporaryDirectory() as folder:
        short, long = feeds(Path(folder), least, most)
        programs = [Program(str(feed.folder), partial(measured, feed.command)) for feed in (*short, *long)]
        for program in programs if not is_smoke() else ():
            program.run()
        outcome = Outcome()
        timed_in_turn(programs, 1 if is_smoke() else TIMES, outcome)
        for feed in (*short, *long):
            has_figures(feed.report)
    middle = {name: median(each) for name, each in outcome.runs.items()}
    print(f"{machine()}\n\nWhole processes, median of {1 if is_smoke() else TIMES}. {DAYS} days of polls:\n")
    print(growth(short, middle))
    print(f"\nThe same stores with {LONGER * DAYS} days, beside {DAYS}:\n")
    print(history(short, long, middle))


def feeds(folder: Path, least: int, most: int) -> tuple[list[Feed], list[Feed]]:
    """From the least number of polls to the most by tens; and the same stores with a long history, but for the most."""
    sizes = [least]
    while sizes[-1] < most:
        sizes.append(10 * sizes[-1])
    short = [made(folder / f"{size}", size // POLLS_OF_A_STORE, DAYS) for size in sizes]
    long = [made(folder / f"{size} long", size // POLLS_OF_A_STORE, LONGER * DAYS) for size in sizes[:-1]]
    return short, long


def made(folder: Path, stores: int, days: int) -> Feed:
    """A sample, and how many polls it has."""
    write_sample(folder, stores, days, file_format="parquet")
    return Feed(folder, stores, pl.scan_parquet(folder / "store_status.parquet").select(pl.len()).collect().item())


def has_figures(report: Path) -> None:
    """End where there are none."""
    with report.open(encoding="utf-8") as lines:
        if not any("." in line for line in list(lines)[1:]):
            sys.exit(f"{report} has no figures")


def growth(feeds: list[Feed], runs: dict[str, Run]) -> str:
    """Markdown: a size a line. What a further poll costs is the slope from the size before, free of the start."""
    lines = ["| polls | stores | seconds | cpu s | µs a poll | µs a further poll | peak MiB |", "| ---: " * 7 + "|"]
    for before, feed in zip([None, *feeds], feeds, strict=False):
        run = runs[str(feed.folder)]
        further = "–"
        if before:
            slope = (run.wall_s - runs[str(before.folder)].wall_s) / (feed.polls - before.polls)
            further = f"{slope * 1e6:.2f}"
        lines.append(
            f"| {feed.polls:,} | {feed.stores:,} | {run.wall_s:.2f} | {run.cpu_s:.2f} "
            f"| {run.wall_s * 1e6 / feed.polls:.2f} | {further} | {run.peak_mib:.0f} |"
        )
    return "\n".join(lines)


def history(short: list[Feed], long: list[Feed], runs: dict[str, Run]) -> str:
    """Markdown: a number of stores a line, the long history beside the short one."""
    lines = [
        "| stores | polls | seconds | beside | times | µs a poll left out | peak MiB | beside | times |",
        "| ---: " * 9 + "|",
    ]
    for few, many in zip(short, long, strict=False):
        brief, run = runs[str(few.folder)], runs[str(many.folder)]
        left_out = (run.wall_s - brief.wall_s) * 1e6 / (many.polls - few.polls)
        lines.append(
            f"| {many.stores:,} | {many.polls:,} | {run.wall_s:.2f} | {brief.wall_s:.2f} "
            f"| {run.wall_s / brief.wall_s:.2f} | {left_out:.2f} | {run.peak_mib:.0f} | {brief.peak_mib:.0f} "
            f"| {run.peak_mib / brief.peak_mib:.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
