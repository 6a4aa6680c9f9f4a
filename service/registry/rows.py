"""What all rows of the registry have in common, and the rows that several subjects share.

A row is a frozen dataclass whose fields are the columns of its statements, in their order and by their names.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import ClassVar, NotRequired, TypedDict, get_args, get_type_hints

from store_uptime.pipeline import Columns


class Row:
    """A row of a statement."""

    def __post_init__(self) -> None:
        # psycopg gives text for text: a state that stayed a str would compare as one, and have no methods.
        for name, member in enum_fields(type(self)).items():
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, member(value))  # frozen for everybody else


@cache
def enum_fields(row: type[Row]) -> dict[str, type[Enum]]:
    """The fields of a row that hold a member of an enum, or nothing."""
    hints = {name: (hint, *get_args(hint)) for name, hint in get_type_hints(row).items()}
    return {
        name: kind
        for name, kinds in hints.items()
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, Enum)
    }


@dataclass(frozen=True)
class NoRow(Row):
    """Of a statement that gives no rows."""


class StoredContent(Row):
    """Bytes that are stored of a report, encrypted where the server has a key. audit_word: what the audit calls it."""

    audit_word: ClassVar[str]


@dataclass(frozen=True)
class Found(Row):
    """That there is something."""

    found: bool


@dataclass(frozen=True)
class Count(Row):
    """How many there are."""

    count: int


@dataclass(frozen=True)
class ReportId(Row):
    """Which report it is."""

    id: str


class StoredOptions(TypedDict):
    """The options of a report as JSON: those of `Options.to_dict`, and columns.

    now: ISO 8601; max_gap, lookback: seconds; period: `Period.to_dict`, of a report by periods only.
    """

    now: str | None
    store_id: str | None
    max_gap: float | None
    lookback: float
    columns: Columns
    only: NotRequired[dict[str, list[str]]]
    period: NotRequired[dict[str, str]]
    group_by: NotRequired[list[str]]


def utc(moment: datetime | None) -> datetime | None:
    """An instant of the registry in UTC, independent of the connection's zone."""
    return None if moment is None else moment.astimezone(UTC)
