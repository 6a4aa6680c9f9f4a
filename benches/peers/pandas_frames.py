"""The same seven columns from Parquet in pandas: merge_asof, groupby and shift, no loop over stores.

    python benches/peers/pandas_frames.py FOLDER FILE

An instant of a store is a place on one line, on which each store's horizon has a stretch of its own: a single column of
whole numbers is sorted and searched. Exact on a clean sample. What `store-uptime report` does and this does not:

- no rejects, no counts, no lists, no summary; a bad status is inactive; columns are typed, and hold no nulls
- zones are the machine's own files where it has them, and only then `tzdata`
- no max-gap, no lookback of another length, no single store; memory grows with the polls of the horizon
- the newest poll is taken as now, however far ahead of the clock it is
"""

import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

HOUR = 3_600_000_000  # all times are microseconds
DAY = 24 * HOUR
WINDOWS = {"hour": HOUR, "day": DAY, "week": 7 * DAY}
UNITS = {"hour": ("minutes", HOUR // 60), "day": ("hours", HOUR), "week": ("hours", HOUR)}
NOW = 8 * DAY  # on each store's stretch, which begins with the horizon
STRETCH = 2**40  # 12.7 days: the horizon, and what an interval may last beyond now
DOWN, UP, UNKNOWN = 0, 1, 2


def main(folder: Path, out: Path) -> None:
    """Read, compute, write."""
    newest = pd.read_parquet(folder / "store_status.parquet", columns=["timestamp_utc"])["timestamp_utc"].max()
    start = newest - pd.Timedelta(NOW, "us")
    polls, ids = read_polls(folder / "store_status.parquet", start)
    zones = known_zones(pd.read_parquet(folder / "timezones.parquet"), ids)
    intervals = business_intervals(read_hours(folder / "menu_hours.parquet", ids), zones, start)
    figures(pieces(polls, intervals), ids).to_csv(out, float_format="%.2f")


def read_polls(file: Path, start: pd.Timestamp) -> tuple[pd.DataFrame, pd.Index]:
    """poll (place), active: in order, one per place, inactive if any of them is; and the store ids by their stretch."""
    read = pd.read_parquet(file, filters=[("timestamp_utc", ">=", start)], read_dictionary=["store_id", "status"])
    store = read["store_id"].cat.remove_unused_categories().cat
    place = store.codes.astype("int64") * STRETCH + (read["timestamp_utc"] - start).astype("int64")
    ordered = np.sort((place * 2 + (read["status"] == "active")).to_numpy())
    polls = pd.DataFrame({"poll": ordered >> 1, "active": ordered & 1})
    return polls[polls["poll"].diff() != 0], store.categories


def known_zones(zones: pd.DataFrame, ids: pd.Index) -> pd.Series:
    """The zone of each store, by its number: the first known one in byte order, where there are several."""
    zones = zones.assign(timezone_str=zones["timezone_str"].str.strip())
    known = zones[zones["timezone_str"].isin([zone for zone in zones["timezone_str"].unique() if is_known(zone)])]
    first = known.groupby("store_id")["timezone_str"].min()
    return first.reindex(ids).fillna("America/Chicago").reset_index(drop=True)


def is_known(zone: str) -> bool:
    """Whether there are rules for a zone of this name."""
    try:
        ZoneInfo(zone)
    except (OSError, KeyError, ValueError):
        return False
    return True


def read_hours(file: Path, ids: pd.Index) -> pd.DataFrame:
    """store (its number), day_of_week, start_us, end_us: of polled stores."""
    read = pd.read_parquet(file, dtype_backend="pyarrow")
    hours = pd.DataFrame({"store": ids.get_indexer(pd.Index(read["store_id"]))})
    hours["day_of_week"] = read["day_of_week"].astype("int64")
    for edge in ("start", "end"):
        clock = read[f"{edge}_time_local"].astype(pd.ArrowDtype(pa.time64("us")))
        hours[f"{edge}_us"] = clock.astype("int64[pyarrow]").astype("int64")
    return hours[hours["store"] >= 0]


def business_intervals(hours: pd.DataFrame, zones: pd.Series, start: pd.Timestamp) -> pd.DataFrame:
    """opens, closes (places), in order; what overlaps or nearly touches is one. hours: by the stores' numbers."""
    written = shifts(hours, zones, start).sort_values(["store", "opens"])
    reached = written.groupby("store")["closes"].cummax().groupby(written["store"]).shift()
    block = (~(written["opens"] <= reached + HOUR // 60)).cumsum()
    merged = written.groupby(block).agg({"store": "first", "opens": "min", "closes": "max"})
    clipped = merged[(merged["closes"] > 0) & (merged["opens"] <= NOW)].assign(opens=merged["opens"].clip(0))
    always = pd.DataFrame({"store": zones.index.difference(pd.Index(hours["store"])), "opens": 0, "closes": NOW + 1})
    intervals = pd.concat([clipped, always])
    begins = intervals["store"] * STRETCH
    return intervals.assign(opens=begins + intervals["opens"], closes=begins + intervals["closes"]).sort_values("opens")


def shifts(hours: pd.DataFrame, zones: pd.Series, start: pd.Timestamp) -> pd.DataFrame:
    """store, opens, closes (since the horizon's start): each row of hours on each date that may matter.

    Many stores of a zone keep the same hours: what is distinct becomes UTC once.
    """
    rows = hours.assign(zone=hours["store"].map(zones))
    row = ["zone", "day_of_week", "start_us", "end_us"]
    first = start.tz_localize(None).normalize() - pd.Timedelta(days=3)
    dates = pd.DataFrame({"date": pd.date_range(first, periods=14, unit="us")})
    walls = rows[row].drop_duplicates().merge(dates.assign(day_of_week=dates["date"].dt.day_of_week))
    overnight = (walls["end_us"] <= walls["start_us"]) * DAY
    for name, clock in {"opens": walls["start_us"], "closes": walls["end_us"] + overnight}.items():
        wall = walls["date"] + pd.to_timedelta(clock, unit="us")
        utc = pd.concat([in_utc(some, str(zone)) for zone, some in wall.groupby(walls["zone"])])
        walls[name] = (utc - start).astype("int64")
    lasting = walls[walls["closes"] > walls["opens"]]
    return rows.merge(lasting, on=row)[["store", "opens", "closes"]]


def in_utc(wall: pd.Series, zone: str) -> pd.Series:
    """Wall-clock times of a zone: the first of two, and with the offset from before a gap, which the day before has."""
    day, first = pd.Timedelta(days=1), np.ones(len(wall), bool)
    exact = wall.dt.tz_localize(zone, ambiguous=first, nonexistent="NaT").dt.tz_convert("UTC")
    before = (wall - day).dt.tz_localize(zone, ambiguous=first, nonexistent="NaT").dt.tz_convert("UTC") + day
    return exact.fillna(before)


def pieces(polls: pd.DataFrame, intervals: pd.DataFrame) -> pd.DataFrame:
    """begins, ends (places), status: business time with the status that it has."""
    before_all = pd.DataFrame({"opens": [-1], "closes": [-1]})  # or a poll without match would turn places into floats
    held = pd.merge_asof(
        polls, pd.concat([before_all, intervals[["opens", "closes"]]]), left_on="poll", right_on="opens"
    )
    evidence = held[held["poll"] < held["closes"]]
    opens, poll = evidence["opens"], evidence["poll"]
    first, last = opens.diff() != 0, opens.diff(-1) != 0
    spoken_for = pd.DataFrame(
        {
            "begins": poll.where(~first, opens),
            "ends": poll.shift(-1, fill_value=0).where(~last, evidence["closes"]),
            "status": evidence["active"],
        }
    )
    of_interval = {
        name: pd.Series(evidence["active"][at].to_numpy(), opens[at]) for name, at in (("last", last), ("first", first))
    }
    told = intervals.set_index("opens", drop=False).assign(**of_interval)
    store = told.groupby("store")
    silent = told["last"].isna()
    told["status"] = store["last"].ffill().fillna(store["first"].bfill()).fillna(UNKNOWN)
    return pd.concat([spoken_for, told[silent].rename(columns={"opens": "begins", "closes": "ends"})[list(spoken_for)]])


def figures(known: pd.DataFrame, ids: pd.Index) -> pd.DataFrame:
    """The report, by store id."""
    store, begins = known["begins"] // STRETCH, known["begins"] % STRETCH
    ends = (known["ends"] - store * STRETCH).clip(upper=NOW)
    inside = {window: (ends - begins.clip(NOW - length)).clip(0) for window, length in WINDOWS.items()}
    spans = pd.DataFrame(inside | {"store": store})
    down, up, unknown = (
        spans[known["status"] == status].groupby("store").sum().reindex(range(len(ids)), fill_value=0)
        for status in (DOWN, UP, UNKNOWN)
    )
    report = pd.DataFrame(index=ids)
    for what, sums in (("uptime", up), ("downtime", down)):
        for window, (name, unit) in UNITS.items():
            figure = (sums[window] * 100 / unit).round() / 100
            report[f"{what}_last_{window}({name})"] = figure.mask(unknown[window] > 0).to_numpy()
    return report.rename_axis("store_id").sort_index()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
