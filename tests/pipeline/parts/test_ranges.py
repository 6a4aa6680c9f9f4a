"""How stores are cut into ranges, and ranges into parts: no part is larger than twice what is wanted."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from store_uptime.pipeline import Cluster, Limits, Options, open_source
from store_uptime.pipeline.instants import instant_us
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import PollKeys, StoreCodes, unpacked_polls
from store_uptime.pipeline.parts import driver as parts_driver
from store_uptime.pipeline.parts.driver import report_in_parts
from store_uptime.pipeline.parts.exchange import Stretch
from store_uptime.pipeline.parts.index import Part, parts_of_range
from store_uptime.pipeline.parts.job import Job
from store_uptime.pipeline.parts.kinds import ThreeWindows
from store_uptime.pipeline.parts.ranges import bounds
from store_uptime.pipeline.parts.segments import SegmentPolls, packed_ids, packed_polls, segments_of
from store_uptime.pipeline.parts.size import is_large
from store_uptime.pipeline.parts.spread import SegmentPlace
from store_uptime.pipeline.run import silent
from store_uptime.pipeline.source.folder.folder import Folder
from tests.support import feeds

NOW = datetime(2024, 5, 8, tzinfo=UTC)
HORIZON = Horizon(instant_us(NOW - timedelta(days=8)), instant_us(NOW))
FIRST = instant_us(NOW - timedelta(days=3))


def a_feed(folder: Path, files: list[list[str]], kind: str = "parquet") -> Folder:
    """Polls of stores, a file for each list of ids; one hour a row."""
    for number, ids in enumerate(files):
        at = [NOW.replace(tzinfo=None) - timedelta(minutes=1 + row % 9_000) for row in range(len(ids))]
        polls = pl.DataFrame({"store_id": ids, "timestamp_utc": at, "status": ["active"] * len(ids)})
        if kind == "csv":
            polls.with_columns(pl.col("timestamp_utc").dt.strftime("%Y-%m-%d %H:%M:%S UTC")).write_csv(
                folder / f"polls-{number}.csv"
            )
        else:
            polls.write_parquet(folder / f"polls-{number}.parquet", row_group_size=500)
    (folder / "hours.csv").write_text(feeds.HOURS + "\n", encoding="utf-8")
    (folder / "zones.csv").write_text(feeds.ZONES + "\n", encoding="utf-8")
    source = open_source(folder)
    assert isinstance(source, Folder)
    return source


def parts_of(source: Folder, polls: int, monkeypatch: pytest.MonkeyPatch) -> list[Part]:
    """The parts of a report."""
    found: list[Part] = []

    def noted(job: Job, parts: list[Part]) -> object:
        found.extend(parts)
        return part_tasks(job, parts)

    part_tasks = parts_driver.part_tasks
    monkeypatch.setattr(parts_driver, "part_tasks", noted)
    report_in_parts(
        source, Options(now=NOW), Limits(), silent, Cluster(part_polls=polls), ThreeWindows(with_lanes=False)
    )
    return found


def in_order(stores: int) -> Iterator[str]:
    return (f"{number:05}" for number in range(stores))


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_parts_of_files_that_are_ordered_by_id_are_no_larger_than_twice_the_wanted(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [id_ for id_ in in_order(600) for _ in range(20)]
    source = a_feed(tmp_path, [ids[start : start + 400] for start in range(0, len(ids), 400)], kind)
    parts = parts_of(source, 1_000, monkeypatch)
    assert len(parts) > 6
    assert max(part.polls for part in parts) <= 2_000


def test_ids_that_are_skewed_make_parts_that_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [f"z{number:02}" for number in range(40) for _ in range(200)]
    many = [*in_order(4_000), *few]
    random.Random(7).shuffle(many)
    parts = parts_of(a_feed(tmp_path, [many[:6_000], many[6_000:]]), 1_000, monkeypatch)
    assert max(part.polls for part in parts) <= 2_000


def test_a_range_that_has_become_too_large_is_cut_by_the_edges_of_its_segments() -> None:
    segment = Stretch(0, 10)
    places = [SegmentPlace(0, 800, (segment, segment), [f"{share}" for share in range(8)])] * 5
    whole, *others = parts_of_range(segment, places, 2_000)
    assert (whole, others) == (Part(segment, 4_000), [])
    parts = list(parts_of_range(segment, places, 1_000))
    assert [(part.lower, part.upper) for part in parts] == [(None, "2"), ("2", "4"), ("4", "6"), ("6", None)]
    assert sum(part.polls for part in parts) == 4_000


def test_a_range_of_one_store_stays_one_part() -> None:
    segment = Stretch(0, 10)
    (part,) = parts_of_range(segment, [SegmentPlace(0, 9_000, (segment, segment), ["a"] * 8)], 1_000)
    assert part.polls == 9_000


def test_bounds_are_the_same_for_the_same_run_and_belong_to_stores(tmp_path: Path) -> None:
    ids = list(in_order(300)) * 10
    source = a_feed(tmp_path, [ids])
    found = bounds(source.tables["store_status"], 500, source.mapping, "a run")
    assert found == bounds(source.tables["store_status"], 500, source.mapping, "a run")
    assert set(found) <= set(ids)
    assert len(found) == 5


def test_what_is_in_a_segment_can_be_read_back_in_whole_and_in_part() -> None:
    codes, keys = StoreCodes(), PollKeys.over(HORIZON)
    ids = ["b", "", "a", "é", "B"]
    coded = pl.DataFrame({"store_id": ids}).with_columns(codes.of(pl.col("store_id")).alias("code"))
    rows = [(code, FIRST + number, number % 2) for code in coded["code"] for number in range(3)]
    frame = pl.DataFrame(rows, schema={"code": pl.UInt32, "us": pl.Int64, "active": pl.Int64}, orient="row")
    polls = frame.select(poll=keys.position(pl.col("code"), pl.col("us")) + pl.col("active"))
    segments = list(segments_of([(keys, polls.sample(fraction=1.0, shuffle=True, seed=1))], codes, ["a", "c"], 2))
    assert [(segment.number, segment.ids.to_list()) for segment in segments] == [
        (0, ["", "B"]),
        (1, ["a", "b"]),
        (2, ["é"]),
    ]
    read = StoreCodes()
    for segment, lower, upper, expected in (
        (segments[0], None, None, ["", "B"]),
        (segments[1], "b", None, ["b"]),
        (segments[1], None, "b", ["a"]),
        (segments[1], "a", "a", list[str]()),
        (segments[2], "z", None, ["é"]),
    ):
        again = SegmentPolls(packed_ids(segment.ids), packed_polls(segment.polls), read, lower, upper)
        found = unpacked_polls(again.read(keys, HORIZON).polls.to_series(), keys).join(read.table, on="code")
        assert found.sort("store_id", "poll_us").select("store_id", "poll_us", "active").rows() == [
            (store_id, FIRST + number, bool(number % 2)) for store_id in expected for number in range(3)
        ]


def test_two_passes_are_called_for_where_a_report_would_need_more_than_it_may(tmp_path: Path) -> None:
    source = a_feed(tmp_path, [list(in_order(1_000))])
    little, enough = Limits(process=17_000), Limits(process=18_000)
    assert is_large(source, Options(now=NOW), little)
    assert not is_large(source, Options(now=NOW), enough)
    assert not is_large(source, Options(now=NOW, store="00001"), little)
    assert not is_large(source, Options(now=NOW + timedelta(days=30)), little), "no file of that horizon"
    assert is_large(source, Options(), little)
