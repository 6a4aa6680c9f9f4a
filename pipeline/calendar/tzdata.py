"""The zones of the pinned `tzdata` package. Nothing else is asked about zones: Python's own search path, Polars, DuckDB
and PostgreSQL each have tables of their own that differ."""

from functools import cache
from importlib import metadata, resources
from zoneinfo import ZoneInfo

NOT_PLACES = frozenset({"Factory", "localtime"})


@cache
def known_zones() -> frozenset[str]:
    """The names that count as known: those that `tzdata` lists, aliases included, in exact case."""
    listed = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(listed) - NOT_PLACES


def tzdata_version() -> str:
    """The version of the zone rules in use."""
    return metadata.version("tzdata")


@cache
def zone_rules(name: str) -> ZoneInfo:
    """A zone from the `tzdata` package, whatever the machine's own files say."""
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)
