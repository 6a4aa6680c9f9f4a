"""A report and names of attributes in, the value of each store out.

attribute_values   the values of one attribute
groupable          the attributes that many stores may share
"""

import polars as pl

from store_uptime.pipeline.report.choice import check_attribute, known_attributes, with_attributes
from store_uptime.pipeline.report.periods.groups import NONE
from store_uptime.pipeline.report.report import Report

OF_ONE_STORE = ("store_id", "name")
ZONE = "zone"
"""What every store has; a column of the table `stores` that is called so goes before it."""


def attribute_values(report: Report, name: str) -> pl.Series:
    """The value of each store as text, `(none)` where it has none, in the order of `Report.exact`.

    Raises UnknownAttribute.
    """
    if name == ZONE and ZONE not in known_attributes(report.attributes):
        return report.exact[ZONE]
    check_attribute(name, report.attributes)
    found = with_attributes(report.exact.select("store_id"), report.attributes)
    return found.select(pl.col(name).cast(pl.String).fill_null(NONE)).to_series()


def groupable(report: Report) -> list[str]:
    """The names of the attributes that many stores may share, the zone among them."""
    names = dict.fromkeys((*known_attributes(report.attributes), ZONE))
    return [name for name in names if name not in OF_ONE_STORE]
