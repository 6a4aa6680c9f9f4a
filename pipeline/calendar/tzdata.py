"""The zones of the pinned `tzdata` package: their names, their version and their rules."""

# No other table of zones is used: those of the machine, of Polars, DuckDB and PostgreSQL differ between versions, and a
# report must have the same figures everywhere.

from functools import cache
from importlib import metadata, resources
from zoneinfo import ZoneInfo

NOT_ZONES = frozenset({"Factory", "localtime"})  # tzdata lists them; they mean "not configured" and "as this machine"


@cache
def known_zones() -> frozenset[str]:
    """The names that count as known: those that `tzdata` lists, aliases included, in exact case."""
    listed = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(listed) - NOT_ZONES


def tzdata_version() -> str:
    """The version of the zone rules in use."""
    return metadata.version("tzdata")


@cache
def zone_rules(name: str) -> ZoneInfo:
    """A zone from the `tzdata` package."""
    # Not ZoneInfo(name): it prefers the files of the machine.
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)
