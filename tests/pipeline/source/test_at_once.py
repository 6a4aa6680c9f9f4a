"""One source that several threads read at once: each run has its own numbers of stores."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store_uptime.pipeline import Source, build_report, open_source, write_sample
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines

FEED = lines(POLLS, *(f"s{number},2024-10-14 {number % 24:02}:00:00,active" for number in range(60)))


def source_of(kind: str, folder: Path) -> Source:
    if kind == "frames":
        return frames(FEED, lines(HOURS), lines(ZONES))
    write_sample(folder, stores=40, days=2, file_format="parquet" if kind == "parquet" else "csv")
    return open_source(folder)


@pytest.mark.parametrize("kind", ["frames", "csv", "parquet"])
def test_threads_that_share_a_source_get_the_figures_of_a_run_alone(kind: str, tmp_path: Path) -> None:
    source = source_of(kind, tmp_path / "feed")
    alone = build_report(source).exact
    with ThreadPoolExecutor(4) as threads:
        runs = [threads.submit(build_report, source) for _ in range(6)]
    assert [run.result().exact.equals(alone) for run in runs] == [True] * 6


def test_numbers_of_stores_begin_anew_each_time_a_source_is_opened() -> None:
    source = frames(FEED, lines(HOURS), lines(ZONES))
    with source.opened() as one, source.opened() as other:
        assert one.codes is not other.codes
