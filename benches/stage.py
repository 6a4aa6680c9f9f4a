"""The stage alone, on sorted whole numbers: what the row `stage` measures, each a process of its own.

packed_feed   the polls of a source on the line, and its intervals, as two Parquet files
ours          those two in, uptime and downtime of each store out
"""

import json
from dataclasses import asdict
from pathlib import Path

import polars as pl

from store_uptime.pipeline import Limits, Options, open_source
from store_uptime.pipeline.options import WINDOWS, Horizon
from store_uptime.pipeline.packing import PollKeys
from store_uptime.pipeline.plan.partitions import partitions
from store_uptime.pipeline.plan.plan import Plan
from store_uptime.pipeline.run import open_run, silent
from store_uptime.pipeline.uptime.stage import database, joined_figures, uptime

SUMS = [f"{what}_last_{window}_us" for window in WINDOWS for what in ("uptime", "downtime")]


def packed_feed(source: str, folder: str) -> None:
    """polls.parquet (poll: packed, in order), intervals.parquet (store, open_us, close_us), horizon.json."""
    with open_run(open_source(source), Options(), Limits(), silent) as (prepared, _):
        polls = pl.concat(partition.polls for partition in prepared.partitions)
        line, horizon, stores = prepared.partitions[0].keys, prepared.plan.horizon, prepared.plan.stores.height
        at = Path(folder)
        at.mkdir(parents=True, exist_ok=True)
        prepared.plan.intervals.sort("store", "open_us").write_parquet(at / "intervals.parquet")
        polls.to_frame("poll").write_parquet(at / "polls.parquet")
    facts = {"line": asdict(line), "horizon": asdict(horizon), "stores": stores}
    (at / "horizon.json").write_text(json.dumps(facts), encoding="utf-8")


def ours(folder: str, out: str) -> None:
    """Read, cut into partitions, compute, write."""
    at = Path(folder)
    facts = json.loads((at / "horizon.json").read_text(encoding="utf-8"))
    plan = bare_plan(Horizon(**facts["horizon"]), facts["stores"], pl.read_parquet(at / "intervals.parquet"))
    polls = pl.read_parquet(at / "polls.parquet")["poll"]
    with database(Limits()) as db:
        of_plan = partitions(plan, PollKeys(**facts["line"]), polls)
        figures = joined_figures(uptime(db, partition, plan.horizon, plan.max_gap_us) for partition in of_plan)
    figures.windows.select("store", *SUMS).write_parquet(out)


def bare_plan(horizon: Horizon, stores: int, intervals: pl.DataFrame) -> Plan:
    """A plan with no more than the stage looks at."""
    ranks = pl.select(store=pl.int_range(stores, dtype=pl.UInt32))
    return Plan("", Options(), horizon, ranks, intervals, pl.Series(dtype=pl.String), {}, "")
