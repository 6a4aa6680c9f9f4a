"""The attributes of stores in, what a menu offers to choose them by out.

attribute_names    those that many stores may share
attribute_counts   of each attribute its values and how many stores have each
value_counts       the same of one
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

OFFERED_VALUES = 100  # of an attribute: the most frequent; others are written into a field


@dataclass(frozen=True)
class ValueCount:
    """A value of an attribute, or a zone, and how many stores have it. An empty value: those that have none."""

    value: str
    stores: int


AttributeCounts = dict[str, list[ValueCount]]
"""By attribute its values, the most frequent first."""


def attribute_names(attributes: "pl.DataFrame | None") -> list[str]:
    """What many stores may share. attributes: see `pipeline.Report`."""
    return [] if attributes is None else [name for name in attributes.columns if name not in ("store_id", "name")]


def attribute_counts(stores: "pl.DataFrame", attributes: "pl.DataFrame | None") -> AttributeCounts:
    """What some stores can be chosen by. stores: with store_id; one that the attributes lack has no value of any."""
    import polars as pl

    names = attribute_names(attributes)
    if attributes is None or not names:
        return {}
    values = stores.select("store_id").join(attributes.select("store_id", *names), on="store_id", how="left")
    return {name: value_counts(values[name].cast(pl.String).fill_null("")) for name in names}


def value_counts(values: "pl.Series") -> list[ValueCount]:
    """The most frequent values, those as frequent by name."""
    import polars as pl

    counted = values.alias("value").value_counts(name="stores")
    first = counted.sort(pl.col("stores"), "value", descending=[True, False]).head(OFFERED_VALUES)
    return [ValueCount(value, stores) for value, stores in first.iter_rows()]
