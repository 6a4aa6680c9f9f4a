"""The table `stores` of a source in, what the parts know of it out.

It is small beside the polls, and of each store the first row in the order of all files counts: so the driver judges it
as a whole, and each part gets the rows of its own stores.
"""

from dataclasses import replace

import polars as pl

from store_uptime.pipeline.clean.split import CleanedTable
from store_uptime.pipeline.clean.stores import clean_stores
from store_uptime.pipeline.packing import StoreCodes
from store_uptime.pipeline.parts.exchange import Exchange, Pieces, attempt_name
from store_uptime.pipeline.parts.job import Job
from store_uptime.pipeline.parts.segments import packed
from store_uptime.pipeline.parts.spread import Spread, places_by_range
from store_uptime.pipeline.source.frames import rows_of_store
from store_uptime.pipeline.source.protocol import Source
from store_uptime.pipeline.tables import ATTRIBUTE

NUMBER = 999_999
"""Of its object, beside those of the tasks of pass 1."""


def described_stores(source: Source, store: str | None) -> CleanedTable | None:
    """The table, judged, with ids as text; None: there is none."""
    frames = rows_of_store(source.stores_table(), store)
    if not frames:
        return None
    found = clean_stores(frames, StoreCodes())
    return replace(found, accepted=found.accepted.with_columns(pl.col("store_id").cast(pl.String)))


def raw_described(described: CleanedTable) -> pl.DataFrame:
    """Its rows, as a source has them."""
    return described.accepted.rename(lambda name: name if name in {"store_id", "name"} else f"{ATTRIBUTE}{name}")


def spread_described(job: Job, exchange: Exchange, described: CleanedTable) -> Spread:
    """Its rows by range, as those of a source are."""
    raw = raw_described(described)
    pieces = Pieces()
    left = Spread(
        table="stores",
        name=attempt_name(job.folder("spread"), NUMBER),
        segments=list(places_by_range(job, [raw.lazy()], pieces)),
        rejects=pieces.add(packed(described.rejected)),
        accepted=described.counts.accepted,
        rejected=described.counts.rejected,
        outside=None,
    )
    exchange.put(left.name, pieces.content())
    return left
