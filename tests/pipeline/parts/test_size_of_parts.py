"""No part has more than twice the polls that it should, unless one store alone does."""

import gzip
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from msgspec import msgpack

from store_uptime.pipeline import Cluster, Options, build_report
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import PollKeys
from store_uptime.pipeline.parts.exchange import FolderExchange, Stretch
from store_uptime.pipeline.parts.index import parts_of_range
from store_uptime.pipeline.parts.joined import frame_of
from store_uptime.pipeline.parts.part import PartFigures
from store_uptime.pipeline.parts.segments import edges
from store_uptime.pipeline.parts.spread import SegmentPlace
from store_uptime.pipeline.steps import Step, StepText, step_of
from tests.support.feeds import HOURS, ZONES, lines, written_feed

POLLS, PART_POLLS, FILES = 6_000, 100, 4
NOW = datetime(2024, 1, 8, tzinfo=UTC)
CHANCE = random.Random(7)
EVEN = [f"{CHANCE.randrange(300):03}" for _ in range(POLLS)]
HALF_ONE = ["150" if CHANCE.random() < 0.5 else store for store in EVEN]
FEW_LARGE = [f"{min(299, int(CHANCE.paretovariate(0.7))):03}" for _ in range(POLLS)]


def by_file(stores: list[str]) -> list[str]:
    """The same with those of each file in order, as where there is a file a day."""
    size = POLLS // FILES
    return [store for first in range(0, POLLS, size) for store in sorted(stores[first : first + size])]


FEEDS = {
    "even": (EVEN, FILES),
    "by id": (sorted(EVEN), FILES),
    "by id in one file": (sorted(EVEN), 1),
    "by id in each file": (by_file(EVEN), FILES),
    "one store has half": (HALF_ONE, FILES),
    "one store has half, by id": (sorted(HALF_ONE), FILES),
    "one store has half, by id in one file": (sorted(HALF_ONE), 1),
    "a few have most": (FEW_LARGE, FILES),
}


def written(folder: Path, stores: list[str], files: int, kind: str) -> Path:
    """A feed whose polls are one second apart: no store has hours, so each poll is evidence."""
    written_feed(folder, hours=lines(HOURS), zones=lines(ZONES))
    times = [NOW - timedelta(seconds=POLLS - number) for number in range(POLLS)]
    polls = pl.DataFrame({"store_id": stores, "timestamp_utc": times, "status": "active"})
    for number, rows in enumerate(polls.iter_slices(POLLS // files)):
        if kind == "parquet":
            rows.write_parquet(folder / f"{number}.parquet", row_group_size=500)
        else:
            text = rows.with_columns(pl.col("timestamp_utc").dt.strftime("%F %T UTC")).write_csv()
            (folder / f"{number}.csv.gz").write_bytes(gzip.compress(text.encode()))
    return folder


def polls_of_parts(feed: Path, exchange: Path) -> list[pl.Series]:
    """For each part that has computed something the polls of each of its stores."""
    found: list[pl.Series] = []

    def progress(words: str) -> None:
        if step_of(words) == Step.COMPUTING and isinstance(words, StepText) and words.percent == 100:
            for result in sorted(exchange.glob("run-*/computing/*")):
                figures = msgpack.decode(result.read_bytes(), type=PartFigures)
                found.append(frame_of(FolderExchange(exchange), figures.facts, figures.figures)["polls_last_week"])

    build_report(feed, Options(now=NOW), progress=progress, cluster=Cluster("local", None, str(exchange), PART_POLLS))
    return found


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["parquet", "compressed text"])
@pytest.mark.parametrize(("stores", "files"), FEEDS.values(), ids=FEEDS)
def test_a_part_has_at_most_twice_its_polls(tmp_path: Path, stores: list[str], files: int, kind: str) -> None:
    parts = polls_of_parts(written(tmp_path / "feed", stores, files, kind), tmp_path / "exchange")
    assert sum(part.sum() for part in parts) == POLLS
    for part in parts:
        others = part.filter(part <= PART_POLLS).sum()
        assert others <= 2 * PART_POLLS
        assert (part > PART_POLLS).sum() <= 1


@pytest.mark.parametrize("stores", [EVEN, HALF_ONE, FEW_LARGE], ids=["even", "one store has half", "a few have most"])
def test_a_range_that_is_sixty_parts_is_cut_into_parts(stores: list[str]) -> None:
    ids = pl.Series(sorted(set(stores)))
    keys = PollKeys.over(Horizon(0, POLLS))
    polls = ids.search_sorted(pl.Series(sorted(stores))).cast(pl.Int64) * 2**keys.bits
    places = [SegmentPlace(0, POLLS, (), edges(ids, polls, keys, PART_POLLS // 8))]
    parts = list(parts_of_range(Stretch(0, 0), places, PART_POLLS))
    count = Counter(stores)
    for part in parts:
        own = [count[store] for store in ids if (part.lower or "") <= store < (part.upper or "~")]
        assert own
        assert sum(polls for polls in own if polls <= PART_POLLS) <= 2 * PART_POLLS
        assert sum(polls > PART_POLLS for polls in own) <= 1
    assert (parts[0].lower, parts[-1].upper) == (None, None)
    assert all(one.upper == next_one.lower for one, next_one in pairwise(parts))
