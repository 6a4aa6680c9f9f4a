"""Errors of what is asked of a report: stores that nobody has, or parts that it was made without."""

from collections.abc import Sequence

from store_uptime.pipeline.errors.base import StoreUptimeError

NO_TABLE = "there is no table stores, and so there is 'store_id' alone"
NAMED = 20
"""So many words does an error name."""


def listed(words: Sequence[str], others: int = 0) -> str:
    """The first of some words, and how many more there are. others: how many do not stand here."""
    named = ", ".join(map(repr, words[:NAMED]))
    more = len(words[NAMED:]) + others
    return f"{named} and {more:,} more" if more else named


class UnknownAttribute(StoreUptimeError):
    """Stores have no such attribute to be chosen or grouped by.

    known: those that they have; store_id alone: there is no table `stores`. beside: what may have kept it from being
    read.
    """

    attribute: str
    known: list[str]
    beside: str = ""
    message = "stores have no attribute {attribute!r}: {has}. {explained}{remedy}"

    @property
    def words(self) -> dict[str, object]:
        # Without a table there is the id alone; with one there is a name beside it.
        if self.known == ["store_id"]:
            has, remedy = NO_TABLE, "Add a table stores: store_id, name, and a column for each attribute."
        else:
            has = f"there is {listed(self.known)}"
            remedy = "Choose one of these, or add a column to the table stores."
        return super().words | {"has": has, "remedy": remedy, "explained": f"{self.beside} ".lstrip()}


class UnknownValue(StoreUptimeError):
    """No store has such a value of an attribute. known: the first values that there are, None: they are not for all;
    others: how many more."""

    attribute: str
    value: str
    known: list[str] | None
    others: int = 0
    message = "no store has {value!r} as its {attribute}{has}. Values are compared as written, case included."

    @property
    def words(self) -> dict[str, object]:
        if self.known is None:
            return super().words | {"has": ""}
        return super().words | {
            "has": f": there is {listed(self.known, self.others)}" if self.known else ": none has any"
        }


class PartMissing(StoreUptimeError):
    """A report by periods was made without its profile or its outages, or has been cut so that they do not fit."""

    part: str
    remedy: str = "Make it with them: build_periods(…, tables=('profile', 'outages'))."
    message = "the report has no {part}. {remedy}"
