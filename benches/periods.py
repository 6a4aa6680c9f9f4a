"""The row of reports by periods, beside the plain one: as whole processes that each write a Parquet file.

periods   37 million polls: the plain report; the seven days before now by day, in one pass and in two; and their 168
          hours of the week, of all stores together

Before they are timed, the days of each store have to add up to its whole, so do the hours of the week to that of all
stores, and two passes have to give the rows of one.
"""

from functools import partial
from pathlib import Path

import polars as pl

from benches.common import Failed, Outcome, Program, measured, timed_in_turn
from benches.data import Data, Version
from benches.parts import TWO_PASSES
from store_uptime.pipeline import Cluster, Period, build_periods

BY_DAY, PROFILE, WHOLE = "by day", "profile", "whole"
BY_DAY_IN_TWO = f"{BY_DAY}, {TWO_PASSES}"
SEVEN_DAYS = "7d"
SUMS = ("business_us", "uptime_us", "downtime_us", "downtime_least_us", "downtime_most_us")
UNKNOWN = pl.col("business_us") - pl.sum_horizontal("uptime_us", "downtime_us", "excused_us")


def periods(data: Data) -> Outcome:
    """200 000 stores."""
    folder, ours, feed = data.new_folder("periods"), data.ours, data.large
    by_day = program(BY_DAY, ours, "by_day", feed, folder)
    profile = program(PROFILE, ours, "profile", feed, folder)
    in_two = program(BY_DAY_IN_TWO, ours, "by_day_in_two_passes", feed, folder, data.sizes.part_polls)
    whole = program(WHOLE, ours, "whole", feed, folder)
    timed = [plain(ours, feed, folder), by_day, profile, in_two]
    for each in (*timed, whole):
        each.run()
    check_days(rows_of(by_day), rows_of(whole))
    check_profile(rows_of(profile), rows_of(whole))
    if not rows_of(by_day).equals(rows_of(in_two)):
        raise Failed(f"{in_two.name} gives other rows than {by_day.name}")
    outcome = Outcome()
    timed_in_turn(timed, data.sizes.times_large, outcome)
    return outcome


# --- Programs ---


def plain(version: Version, feed: Path, folder: Path) -> Program:
    """The plain report."""
    file = folder / f"{version.name}.parquet"
    command = (version.command, "report", "--source", str(feed), "--out", str(file))
    return Program(version.name, partial(measured, command), file)


def program(name: str, version: Version, function: str, feed: Path, folder: Path, *more: int) -> Program:
    """One of the functions below as a process; it writes a file that is called as the program."""
    file = folder / f"{name}.parquet"
    command = version.function("periods", function, feed, file, *more)
    return Program(name, partial(measured, command, version.folder), file)


def by_day(source: str, file: str) -> None:
    """A row for each store and day."""
    build_periods(source, Period(SEVEN_DAYS, by="day")).rows.write_parquet(file)


def by_day_in_two_passes(source: str, file: str, part_polls: str) -> None:
    """The same in two passes."""
    here = Cluster("local", part_polls=int(part_polls))
    build_periods(source, Period(SEVEN_DAYS, by="day"), cluster=here).rows.write_parquet(file)


def profile(source: str, file: str) -> None:
    """The hours of the week."""
    cells = build_periods(source, SEVEN_DAYS, tables=("profile",)).profile
    if cells is None:
        raise Failed("there is no profile")
    cells.write_parquet(file)


def whole(source: str, file: str) -> None:
    """A row for each store."""
    build_periods(source, SEVEN_DAYS).rows.write_parquet(file)


# --- Figures ---


def rows_of(of: Program) -> pl.DataFrame:
    """What a program has written."""
    return pl.read_parquet(file_of(of))


def file_of(of: Program) -> Path:
    """Where it has written it. Raises Failed."""
    if of.report is None:
        raise Failed(f"{of.name} writes no file")
    return of.report


def check_days(days: pl.DataFrame, whole: pl.DataFrame) -> None:
    """End where the days of a store do not add up to its whole. What is not known is 0 in both."""
    summed = days.group_by("store").agg(pl.col(SUMS).sum()).sort("store")
    expected = whole.select("store", pl.col(SUMS).fill_null(0)).sort("store")
    if whole["business_us"].sum() == 0 or not summed.equals(expected):
        raise Failed("the days of the stores do not add up to their whole")


def check_profile(cells: pl.DataFrame, whole: pl.DataFrame) -> None:
    """End where the hours of the week do not add up to the whole of all stores."""
    summed = cells.select(pl.col("business_us", "downtime_us", "unknown_us").sum())
    expected = whole.select(pl.col("business_us", "downtime_us").sum(), unknown_us=UNKNOWN.sum())
    if cells.height > 168 or not summed.equals(expected):
        raise Failed(f"the hours of the week do not add up: {summed.row(0)} here, {expected.row(0)} there")
