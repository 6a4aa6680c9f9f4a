"""A report in two passes is the report of one pass, byte for byte, however files, groups and ranges are cut."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, strategies as st

from store_uptime.pipeline import Cluster, Options, Report, build_report, build_report_with_lanes, open_source
from store_uptime.pipeline.errors import StoreUptimeError
from store_uptime.pipeline.packing import PollKeys
from store_uptime.pipeline.parts import groups
from tests.pipeline.plan.test_partitions import same
from tests.pipeline.test_against_reference import COLUMNS
from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed
from tests.support.profiles import examples
from tests.support.reference import RawRow
from tests.support.worlds import World, worlds

NOW = datetime(2023, 1, 25, 18, tzinfo=UTC)
TIMES = ("%Y-%m-%d %H:%M:%S%.f UTC", "%Y-%m-%dT%H:%M:%S%.fZ")


def outcome(source: Path, options: Options, cluster: Cluster | None) -> Report | str:
    """The report, or the sentence of its error."""
    try:
        return build_report_with_lanes(open_source(source), options, cluster=cluster)
    except StoreUptimeError as error:
        return str(error)


def assert_equal(found: Report | str, expected: Report | str) -> None:
    if isinstance(expected, str) or isinstance(found, str):
        assert found == expected
        return
    assert same(found, expected)
    assert found.json("extended") == expected.json("extended")
    assert found.parquet() == expected.parquet()
    assert all(found.rejects[name].equals(rows) for name, rows in expected.rejects.items())
    assert in_order(found.plan.intervals).equals(in_order(expected.plan.intervals))
    assert found.plan.stores.equals(expected.plan.stores)
    assert found.plan.observed_ids == expected.plan.observed_ids


def in_order(intervals: pl.DataFrame) -> pl.DataFrame:
    return intervals.sort("store", "open_us")


def written(rows: Sequence[RawRow], name: str, path: Path, kind: str) -> None:
    """Some rows of a table as a file: CSV, Parquet of text, or Parquet with times where all of them are."""
    columns = dict.fromkeys([*COLUMNS.get(name, ["store_id"]), *(column for row in rows for column in row)], pl.String)
    frame = pl.DataFrame([dict(row) for row in rows], schema=columns)
    if kind == "csv":
        with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(frame.columns)
            writer.writerows([value or "" for value in row] for row in frame.rows())
        return
    if kind == "typed" and name == "polls":
        text = pl.col("timestamp_utc").str
        frame = frame.with_columns(pl.coalesce(text.to_datetime(each, strict=False, time_unit="us") for each in TIMES))
    frame.write_parquet(path.with_suffix(".parquet"), row_group_size=2)


def tables_of(world: World) -> Mapping[str, Sequence[RawRow]]:
    return {"polls": world.polls, "hours": world.hours, "zones": world.zones}


@st.composite
def feeds_of(draw: st.DrawFn, tables: Mapping[str, Sequence[RawRow]]) -> list[tuple[str, str, str, list[RawRow]]]:
    """The rows of some tables in random files: table, name, kind and rows."""
    files = []
    for name, rows in tables.items():
        number = draw(st.integers(1, 4))
        owners = draw(st.lists(st.integers(0, number - 1), min_size=len(rows), max_size=len(rows)))
        for shard in range(number):
            kind = draw(st.sampled_from(["csv", "text", "typed"]))
            own = [row for row, owner in zip(rows, owners, strict=True) if owner == shard]
            files.append((name, f"{name}-{shard}", kind, own))
    return files


@examples(8)
@given(data=st.data(), world=worlds())
def test_worlds_in_random_files_groups_and_ranges(data: st.DataObject, world: World) -> None:
    options = Options(now=world.now or NOW, max_gap=world.max_gap, lookback=world.lookback)
    ids = sorted({str(row["store_id"]) for row in world.polls if row["store_id"]})
    if ids and data.draw(st.integers(0, 4)) == 0:
        options = replace(options, store=data.draw(st.sampled_from(ids)))
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as small:
        folder = Path(name)
        for table, file, kind, rows in data.draw(feeds_of(tables_of(world))):
            written(rows, table, folder / file, kind)
        expected = outcome(folder, options, None)
        assert_equal(outcome(folder, options, cut_somehow(data, small)), expected)


def cut_somehow(data: st.DataObject, small: pytest.MonkeyPatch) -> Cluster:
    """Two passes in small groups of files and small ranges of stores."""
    small.setattr(groups, "SHARES", dict.fromkeys(groups.SHARES, data.draw(st.sampled_from([0.5, 1, 1_000]))))
    small.setattr(groups, "FILES", data.draw(st.sampled_from([1, 2, 500])))
    if data.draw(st.booleans()):
        small.setattr(PollKeys, "room", data.draw(st.integers(1, 3)))
    return Cluster(part_polls=data.draw(st.sampled_from([1, 2, 5, 1_000])))


def test_rows_with_dates_reasons_and_without_go_through_both_passes(tmp_path: Path) -> None:
    polls = [f"{store},2023-01-25 1{hour}:00:00 UTC,{'in' * hour}active,why" for store in "abcd" for hour in range(2)]
    written_feed(
        tmp_path,
        polls=lines(f"{POLLS},reason", *polls, "e,2023-01-25 10:00:00 UTC,off,why"),
        polls_1=lines(POLLS, "c,2023-01-25 12:00:00 UTC,active", "d,soon,active"),
        hours=lines(HOURS, "a,2,09:00,17:00", "b,9,09:00,17:00"),
        hours_1=lines(f"{HOURS},valid_from", "c,2,09:00,17:00,2024-01-01", "d,2,09:00,17:00,x"),
        hours_2=lines(f"{HOURS},valid_to", "b,2,09:00,17:00,2024-01-01", "a,2,09:00,17:00,x"),
        zones=lines(f"{ZONES},valid_to,valid_from", "a,Asia/Tokyo,2022-01-01,", "b,Asia/Tokyo,,2022-01-01", "c,Z,1,1"),
    )
    expected, found = (outcome(tmp_path, Options(now=NOW), cluster) for cluster in (None, Cluster(part_polls=2)))
    assert_equal(found, expected)


@pytest.mark.parametrize(
    ("cluster", "options", "passes"),
    [
        (None, Options(), 1),
        (Cluster(), Options(), 2),
        (Cluster(only_large=True), Options(), 1),
        (Cluster(only_large=True, large_polls=1_000), Options(), 1),
        (Cluster(only_large=True, large_polls=0), Options(), 2),
        (Cluster(only_large=True, large_polls=0), Options(store="a"), 1),
    ],
)
def test_what_is_large_is_made_in_two_passes(
    cluster: Cluster | None, options: Options, passes: int, tmp_path: Path
) -> None:
    rows = (f"{store},2023-01-25 17:00:00 UTC,active" for store in "abc")
    written_feed(tmp_path, polls=lines(POLLS, *rows), hours=lines(HOURS), zones=lines(ZONES))
    steps: list[str] = []
    report = build_report(tmp_path, options, progress=steps.append, cluster=cluster)
    assert report.exact.height == (3 if options.store is None else 1)
    assert any("tasks: " in step for step in steps) == (passes == 2)
