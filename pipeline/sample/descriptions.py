"""The table `stores` of a sample: what its stores are called, and their brands, cities and platforms."""

import polars as pl

from store_uptime.pipeline.sample.random_numbers import draw

CITIES = pl.DataFrame(
    [
        ("America/New_York", ("Boston", "Miami", "New York", "Philadelphia")),
        ("America/Chicago", ("Chicago", "Dallas", "Houston")),
        ("America/Los_Angeles", ("Los Angeles", "Portland", "Seattle")),
        ("America/Denver", ("Denver",)),
        ("America/Phoenix", ("Phoenix",)),
        ("America/Detroit", ("Detroit",)),
        ("America/Boise", ("Boise",)),
        ("Pacific/Honolulu", ("Honolulu",)),
        ("US/Central", ("Memphis",)),
        ("America/Puerto_Rico", ("San Juan",)),
        ("Asia/Beirut", ("Beirut",)),
        ("Europe/London", ("London",)),
        ("Asia/Kolkata", ("Bengaluru",)),
    ],
    schema={"zone": pl.String, "cities": pl.List(pl.String)},
    orient="row",
)
BRANDS = ("Blue Bowl", "Burger Yard", "Casa Limón", "Noodle Street", "Pizza Corner", "Tandoor House")
PLATFORMS = ("app", "phone", "web")
UNBRANDED = 12
"""One store in so many belongs to no brand."""


def descriptions(stores: pl.DataFrame) -> pl.DataFrame:
    """store_id, name, brand, city, platform: one row for each store; a store may be without a brand or a city."""
    brand = one_of(BRANDS, draw("store_key", "brand", len(BRANDS)))
    number = pl.col("number") + 1
    return (
        stores.join(CITIES, on="zone", how="left", maintain_order="left")
        .with_columns(
            brand=pl.when(draw("store_key", "unbranded", UNBRANDED) > 0).then(brand),
            city=pl.col("cities").list.get(draw("store_key", "city", 12) % pl.col("cities").list.len()),
            platform=one_of(PLATFORMS, draw("store_key", "platform", len(PLATFORMS))),
        )
        .with_columns(
            name=pl.concat_str(pl.col("brand").fill_null("Kitchen"), "city", number, separator=" ", ignore_nulls=True)
        )
        .select("store_id", "name", "brand", "city", "platform")
    )


def one_of(words: tuple[str, ...], number: pl.Expr) -> pl.Expr:
    return pl.lit(pl.Series(words)).gather(number)
