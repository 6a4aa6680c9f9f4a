"""The same seven columns from Parquet in Polars alone: lazy frames, join_asof, no loop over stores.

    python benches/peers/polars_alone.py FOLDER FILE

An instant of a store is a place on one line, on which each store's horizon has a stretch of its own: a single column of
whole numbers is sorted and searched. Exact on a clean sample. What `store-uptime report` does and this does not:

- no rejects, no counts, no lists, no summary; a bad status is inactive; columns are typed, and hold no nulls
- zones are Polars' own, not `tzdata`'s
- no max-gap, no lookback of another length, no single store; memory grows with the polls of the horizon
- the newest poll is taken as now, however far ahead of the clock it is
"""

import sys
from pathlib import Path

import polars as pl
from polars.exceptions import ComputeError

HOUR = 3_600_000_000  # all times are microseconds
DAY = 24 * HOUR
UNITS = {"hour(minutes)": (HOUR, HOUR // 60), "day(hours)": (DAY, HOUR), "week(hours)": (7 * DAY, HOUR)}
NOW = 8 * DAY  # on each store's stretch, which begins with the horizon
STRETCH = 2**40  # 12.7 days: the horizon, and what an interval may last beyond now
DEFAULT_ZONE = "America/Chicago"


def main(folder: Path, out: Path) -> None:
    """Read, compute, write."""
    read = pl.scan_parquet(folder / "store_status.parquet")
    newest = read.select(pl.col("timestamp_utc").max().dt.epoch("us")).collect(engine="streaming").item()
    start = newest - NOW
    since = pl.col("timestamp_utc").dt.epoch("us") - start
    horizon = read.select("store_id", elapsed=since, active=pl.col("status") == "active").filter(pl.col("elapsed") >= 0)
    stores = numbered(horizon, pl.scan_parquet(folder / "timezones.parquet"))
    intervals = business_intervals(pl.scan_parquet(folder / "menu_hours.parquet"), stores, start)
    both = [polls(horizon, stores), intervals]  # each is used twice from here on
    instants, opened = (frame.lazy() for frame in pl.collect_all(both, engine="streaming"))
    figures(pieces(instants, opened), stores).sink_csv(out, float_precision=2)


def numbered(horizon: pl.LazyFrame, zones: pl.LazyFrame) -> pl.DataFrame:
    """store (a number), store_id, zone: the first known zone in byte order, where a store has several."""
    named = zones.select("store_id", zone=pl.col("timezone_str").str.strip_chars()).collect()
    known = [zone for zone in named["zone"].unique() if is_known(zone)]
    first = named.filter(pl.col("zone").is_in(known)).group_by("store_id").agg(pl.col("zone").min())
    return (
        horizon.select("store_id")
        .unique()
        .sort("store_id")
        .with_row_index("store")
        .join(first.lazy(), on="store_id", how="left", maintain_order="left")
        .with_columns(pl.col("store").cast(pl.Int64), pl.col("zone").fill_null(DEFAULT_ZONE))
        .collect(engine="streaming")
    )


def is_known(zone: str) -> bool:
    """Whether Polars has rules for a zone of this name."""
    try:
        pl.Series([0], dtype=pl.Datetime("us")).dt.replace_time_zone(zone)
    except ComputeError:
        return False
    return True


def polls(horizon: pl.LazyFrame, stores: pl.DataFrame) -> pl.LazyFrame:
    """poll (place), active: in order, one per place, inactive if any of them is."""
    key = (pl.col("store") * STRETCH + pl.col("elapsed")) * 2 + pl.col("active")
    return (
        horizon.join(stores.lazy().select("store_id", "store"), on="store_id")
        .select(key=key)
        .sort("key")
        .select(poll=pl.col("key") // 2, active=pl.col("key") % 2 == 1)
        .filter(pl.col("poll").ne_missing(pl.col("poll").shift()))
    )


def business_intervals(hours: pl.LazyFrame, stores: pl.DataFrame, start: int) -> pl.LazyFrame:
    """opens, closes (places), in order; what overlaps or nearly touches is one."""
    written = shifts(hours, stores, start).sort("store", "opens")
    reached = pl.col("closes").cum_max().shift().over("store")
    merged = (
        written.with_columns(block=(pl.col("opens") > reached + HOUR // 60).fill_null(True).cum_sum())
        .group_by("block")
        .agg(pl.col("store").first(), pl.col("opens").min(), pl.col("closes").max())
        .filter(pl.col("closes") > 0, pl.col("opens") <= NOW)
        .select("store", pl.col("opens").clip(0), "closes")
    )
    always = stores.lazy().join(hours, on="store_id", how="anti").select("store", opens=0, closes=NOW + 1)
    begins = pl.col("store") * STRETCH
    placed = pl.concat([merged, always.cast(pl.Int64)]).with_columns(pl.col("opens", "closes") + begins)
    return placed.sort("opens")


def shifts(hours: pl.LazyFrame, stores: pl.DataFrame, start: int) -> pl.LazyFrame:
    """store, opens, closes (since the horizon's start): each row of hours on each date that may matter.

    Many stores of a zone keep the same hours: what is distinct becomes UTC once.
    """
    first = start // DAY - 3
    date = pl.int_range(first, first + 14, dtype=pl.Int64)
    dates = pl.LazyFrame().select(midnight=date * DAY, day_of_week=((date + 3) % 7).cast(pl.Int8))
    row = ["zone", "day_of_week", "start", "end"]
    starts, ends = (pl.col(f"{edge}_time_local").cast(pl.Int64) // 1_000 for edge in ("start", "end"))
    rows = hours.join(stores.lazy(), on="store_id").select("store", "zone", "day_of_week", start=starts, end=ends)
    overnight = pl.when(pl.col("end") <= pl.col("start")).then(DAY).otherwise(0)
    opens, closes = pl.col("midnight") + pl.col("start"), pl.col("midnight") + pl.col("end") + overnight
    walls = rows.select(row).unique().join(dates, on="day_of_week").select(row, opens=opens, closes=closes).collect()
    placed = [
        some.lazy().with_columns(in_utc("opens", str(zone)) - start, in_utc("closes", str(zone)) - start)
        for (zone,), some in walls.partition_by("zone", as_dict=True).items()
    ]
    lasting = pl.concat(placed).filter(pl.col("closes") > pl.col("opens"))
    return rows.join(lasting, on=row).select("store", "opens", "closes")


def in_utc(wall: str, zone: str) -> pl.Expr:
    """Wall-clock times of a zone: the first of two, and with the offset from before a gap, which the day before has."""

    def placed(clock: pl.Expr) -> pl.Expr:
        local = clock.cast(pl.Datetime("us")).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        return local.dt.epoch("us")

    return pl.coalesce(placed(pl.col(wall)), placed(pl.col(wall) - DAY) + DAY)


def pieces(instants: pl.LazyFrame, intervals: pl.LazyFrame) -> pl.LazyFrame:
    """store, begins, ends (places), active: business time with the status that it has, null where nothing is known."""
    opens, poll = pl.col("opens"), pl.col("poll")
    evidence = (
        instants.join_asof(intervals, left_on="poll", right_on="opens", coalesce=False)
        .filter(poll < pl.col("closes"))
        .with_columns(is_first=opens.ne_missing(opens.shift()), is_last=opens.ne_missing(opens.shift(-1)))
    )
    spoken_for = evidence.select(
        "store",
        begins=pl.when("is_first").then(opens).otherwise(poll),
        ends=pl.when("is_last").then("closes").otherwise(poll.shift(-1)),
        active="active",
    )
    told = intervals
    for name in ("first", "last"):
        edge = evidence.filter(f"is_{name}").select("opens", pl.col("active").alias(name))
        told = told.join(edge, on="opens", how="left", maintain_order="left")
    carried = pl.coalesce(pl.col("last").forward_fill().over("store"), pl.col("first").backward_fill().over("store"))
    silent = told.with_columns(active=carried).filter(pl.col("last").is_null())
    return pl.concat([spoken_for, silent.select("store", begins="opens", ends="closes", active="active")])


def figures(known: pl.LazyFrame, stores: pl.DataFrame) -> pl.LazyFrame:
    """The report, by store id."""
    first = pl.col("store") * STRETCH
    begins, ends = pl.col("begins") - first, (pl.col("ends") - first).clip(upper_bound=NOW)
    inside = {window: (ends - begins.clip(NOW - length)).clip(0) for window, (length, _) in UNITS.items()}
    shares = {"uptime": pl.col("active"), "downtime": ~pl.col("active"), "unknown": pl.col("active").is_null()}
    sums = (
        known.select("store", "active", **inside)
        .group_by("store")
        .agg(
            pl.col(window).filter(of).sum().alias(f"{what}_{window}") for what, of in shares.items() for window in UNITS
        )
    )
    report = [
        pl.when(pl.col(f"unknown_{window}").fill_null(0) == 0)
        .then((pl.col(f"{what}_{window}").fill_null(0) * 100 / unit).round(0, "half_to_even") / 100)
        .alias(f"{what}_last_{window}")
        for what in ("uptime", "downtime")
        for window, (_, unit) in UNITS.items()
    ]
    return stores.lazy().join(sums, on="store", how="left", maintain_order="left").select("store_id", *report)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
