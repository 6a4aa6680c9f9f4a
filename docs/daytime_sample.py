"""The sample, moved around the globe to where it is afternoon now: a picture taken at night would show closed stores.

In: a folder that is empty, how much, and now. Out: the four tables as Parquet, the newest poll a moment ago. Polls are
moved by whole hours, and the zones of stores by as many: on the stores' own clocks all is as in the sample.
"""

from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import polars as pl

from store_uptime.pipeline import write_sample

AFTERNOON = 19  # UTC, when clocks show 11 to 15 in most cities of the sample
TABLES = ("stores", "timezones", "menu_hours", "store_status")
# One or more for nearly each whole hour from UTC, in winter and in summer.
CITIES = (
    *("Pacific/Pago_Pago", "Pacific/Honolulu", "America/Anchorage", "America/Vancouver", "America/Los_Angeles"),
    *("America/Denver", "America/Phoenix", "America/Chicago", "America/Mexico_City", "America/New_York"),
    *("America/Toronto", "America/Bogota", "America/Lima", "America/Halifax", "America/Caracas", "America/Sao_Paulo"),
    *("America/Montevideo", "America/Noronha", "Atlantic/Cape_Verde", "Europe/London", "Europe/Lisbon", "Africa/Accra"),
    *("Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Rome", "Europe/Athens", "Africa/Cairo"),
    *("Africa/Johannesburg", "Europe/Istanbul", "Asia/Riyadh", "Africa/Nairobi", "Asia/Dubai", "Asia/Tbilisi"),
    *("Asia/Karachi", "Asia/Tashkent", "Asia/Dhaka", "Asia/Bishkek", "Asia/Bangkok", "Asia/Jakarta"),
    *("Asia/Singapore", "Asia/Manila", "Asia/Tokyo", "Asia/Seoul", "Australia/Brisbane", "Australia/Sydney"),
    *("Pacific/Noumea", "Pacific/Auckland", "Pacific/Fiji"),
)


def write_daytime_sample(folder: Path, stores: int, days: int, now: datetime) -> None:
    """Write the tables of the sample's stores that have a city, in the afternoon of `now`, which is UTC."""
    hours_moved = (now.hour - AFTERNOON) % 24
    with TemporaryDirectory() as name:
        write_sample(name, stores, days, file_format="parquet", end=now - timedelta(hours=hours_moved))
        sample = {table: pl.read_parquet(Path(name) / f"{table}.parquet") for table in TABLES}
    zones = sample["timezones"].filter(pl.col("valid_to").is_null()).select("store_id", "timezone_str")
    cities = sample["stores"].select("store_id", "city").drop_nulls().join(zones, on="store_id")
    moved = cities.join(moved_cities(cities, hours_moved, now), on=["city", "timezone_str"]).drop("timezone_str")
    number = pl.col("name").str.extract("([0-9]+)$")
    moved_name = pl.concat_str(pl.col("brand").fill_null("Kitchen"), "new_city", number, separator=" ")
    tables = {
        "stores": sample["stores"].join(moved, on=["store_id", "city"]).with_columns(name=moved_name, city="new_city"),
        "timezones": moved.select("store_id", timezone_str="new_zone"),
        "menu_hours": sample["menu_hours"].join(moved, on="store_id", how="semi"),
        "store_status": sample["store_status"]
        .join(moved, on="store_id", how="semi")
        .with_columns(pl.col("timestamp_utc") + timedelta(hours=hours_moved)),
    }
    tables["stores"] = tables["stores"].drop("new_city", "new_zone")
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        rows.write_parquet(folder / f"{table}.parquet")


def moved_cities(cities: pl.DataFrame, hours_moved: int, now: datetime) -> pl.DataFrame:
    """city, timezone_str, new_city, new_zone: for each city of the sample one so many hours west of it."""
    by_hour = {hour: [zone for zone in CITIES if hours_of(zone, now) == hour] for hour in range(24)}
    in_turn = {hour: cycle(zones or by_hour[hour - 1]) for hour, zones in by_hour.items()}
    rows = []
    for city, zone in sorted(cities.select("city", "timezone_str").unique().iter_rows()):
        new_zone = next(in_turn[(hours_of(zone, now) - hours_moved) % 24])
        rows.append((city, zone, new_zone.split("/")[-1].replace("_", " "), new_zone))
    return pl.DataFrame(rows, schema=["city", "timezone_str", "new_city", "new_zone"], orient="row")


def hours_of(zone: str, now: datetime) -> int:
    """Whole hours between a zone's clock and UTC, around the globe: 0 to 23."""
    offset = now.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    return offset // timedelta(hours=1) % 24
