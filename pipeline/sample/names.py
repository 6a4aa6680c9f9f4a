"""The table `stores` of a sample: names, and attributes to group stores by."""

import polars as pl

from store_uptime.pipeline.sample.random_numbers import draw

BRANDS = pl.Series(["Bella Napoli", "Green Bowl", "Taco Loco"])
CITIES = pl.DataFrame(
    [
        ("America/New_York", "New York"),
        ("America/New_York", "Boston"),
        ("America/New_York", "Miami"),
        ("America/Chicago", "Chicago"),
        ("America/Chicago", "Houston"),
        ("America/Los_Angeles", "Los Angeles"),
        ("America/Los_Angeles", "Seattle"),
        ("America/Denver", "Denver"),
        ("America/Phoenix", "Phoenix"),
    ],
    schema=["zone", "city"],
    orient="row",
)
"""Of these zones; stores of the others have no city."""


def names(stores: pl.DataFrame) -> pl.DataFrame:
    """store_id, name, brand, city: one row for each store."""
    by_zone = CITIES.group_by("zone", maintain_order=True).agg("city")
    brand = pl.lit(BRANDS).gather(draw("store_key", "brand", BRANDS.len()))
    city = pl.col("city").list.get(draw("store_key", "city", 6) % pl.col("city").list.len())
    return (
        stores.join(by_zone, on="zone", how="left", maintain_order="left")
        .with_columns(brand=brand, city=city)
        .select(
            "store_id",
            name=pl.concat_str("brand", "city", pl.col("number") + 1, separator=" ", ignore_nulls=True),
            brand="brand",
            city="city",
        )
    )
