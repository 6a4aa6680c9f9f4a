"""The stage alone, on sorted whole numbers: what the row `stage` measures, each a process of its own.

packed_feed   the polls of a source on the line, in order, its business intervals and its stores, as Parquet files
ours          those in, uptime and downtime of each store out
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import pairwise
from pathlib import Path

import polars as pl

from store_uptime.pipeline import Limits, Options, open_source
from store_uptime.pipeline.options import WINDOWS, Horizon
from store_uptime.pipeline.packing import PollKeys
from store_uptime.pipeline.plan.partitions import Partition, partition_of
from store_uptime.pipeline.plan.plan import max_gap_us, ranked_stores
from store_uptime.pipeline.plan.windows import last_week
from store_uptime.pipeline.run import AT_ONCE, open_run, silent
from store_uptime.pipeline.threads import in_threads
from store_uptime.pipeline.uptime.stage import database, joined_figures, uptime

SUMS = [
    pl.col(f"{kind}_us").filter(window_id=number).sum().alias(f"{kind}_last_{window}_us")
    for number, window in enumerate(WINDOWS)
    for kind in ("uptime", "downtime")
]


def packed_feed(source: str, folder: str) -> None:
    """polls.parquet (poll), intervals.parquet (open_at, close_at), stores.parquet, line.json."""
    with open_run(open_source(source), Options(), Limits(), silent) as (prepared, _):
        parts = [partition_of(codes, prepared.declared, prepared.horizon) for codes in prepared.code_ranges]
        stores = ranked_stores(pl.concat(part.stores for part in parts), prepared.source.codes)
        ends = [code for codes in prepared.code_ranges for code in (codes.first, codes.end)]
        firsts = pl.DataFrame({"code": ends}).select(parts[0].keys.first_position(pl.col("code")))
        edges = firsts.to_series().to_list()
    at = Path(folder)
    at.mkdir(parents=True, exist_ok=True)
    pl.concat(part.polls for part in parts).to_frame("poll").write_parquet(at / "polls.parquet")
    pl.concat(part.intervals for part in parts).write_parquet(at / "intervals.parquet")
    stores.write_parquet(at / "stores.parquet")
    facts = {"keys": asdict(parts[0].keys), "horizon": asdict(prepared.horizon), "edges": [edges[0], *edges[1::2]]}
    (at / "line.json").write_text(json.dumps(facts), encoding="utf-8")


def ours(folder: str, out: str) -> None:
    """Read, cut into partitions, compute, write store (rank), {uptime,downtime}_last_{hour,day,week}_us."""
    at = Path(folder)
    facts = json.loads((at / "line.json").read_text(encoding="utf-8"))
    horizon, stores = Horizon(**facts["horizon"]), pl.read_parquet(at / "stores.parquet")
    parts = list(partitions(at, PollKeys(**facts["keys"]), facts["edges"], stores))
    with database(Limits()) as db:
        windows, gap_us = last_week(horizon), max_gap_us(Options(), horizon)
        figures_of = partial(uptime, db, windows=windows, horizon=horizon, max_gap_us=gap_us)
        figures = joined_figures(in_threads(figures_of, parts, AT_ONCE, lambda _: None))
    sums = figures.windows.group_by("code").agg(SUMS)
    stores.select("code", "store").join(sums, on="code", how="left").drop("code").write_parquet(out)


def partitions(at: Path, keys: PollKeys, edges: list[int], stores: pl.DataFrame) -> Iterator[Partition]:
    """As a run has them: all are slices of what was read. edges: where each begins, and where the last one ends."""
    polls, intervals = pl.read_parquet(at / "polls.parquet")["poll"], pl.read_parquet(at / "intervals.parquet")
    codes = [keys.first + edge // 2**keys.bits for edge in edges]
    cuts = zip(
        *(pairwise(rows.search_sorted(pl.Series(edges))) for rows in (polls, intervals["open_at"])),
        pairwise(codes),
        strict=True,
    )
    for (first, end), (first_interval, end_interval), (first_code, end_code) in cuts:
        own = stores.filter(pl.col("code").is_between(first_code, end_code, closed="left")).drop("store", "store_id")
        yield Partition(keys, polls[first:end], intervals[first_interval:end_interval], own)
