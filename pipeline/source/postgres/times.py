"""The type of a column of times in, SQL that compares it with instants out.

TypedTimes   timestamps of PostgreSQL
WholeTimes   whole numbers, counted in a unit since 1970
LooseTimes   text, decimals and floats: rows that may lie in a stretch of time are pulled as text, and judged here
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from psycopg.sql import SQL, Composable, Identifier, Literal as Value

from store_uptime.pipeline.durations import DAY_US, UNIT_US
from store_uptime.pipeline.instants import EPOCH, YEAR_1_US, YEAR_10000_US, instant_us
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.tables import SPACE

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = ("text", "character varying", "character")
STAMPS = {"timestamp with time zone": "timestamptz", "timestamp without time zone": "timestamp"}
WHOLE_NUMBERS = ("smallint", "integer", "bigint")
FLOATS = ("real", "double precision")
NUMBERS = (*WHOLE_NUMBERS, *FLOATS, "numeric")

SINCE_2000_US = instant_us(EPOCH.replace(year=2000))
EAST_US = 2 * DAY_US  # a local date anywhere on Earth is that of UTC or the one before or after
FIRST_DATE, LAST_DATE = "0000-00-00", "9999-99-99"


@dataclass(frozen=True)
class Stretch:
    """From one instant to another, both included; None: it has no end on that side."""

    first_us: int | None
    last_us: int | None


EVER = Stretch(None, None)


class TypedTimes:
    """A column of timestamps, with a zone or in UTC."""

    out_of_range_statement = "out_of_range_polls"

    def __init__(self, column: Composable, kind: Literal["timestamptz", "timestamp"]) -> None:
        self._column, self._kind = column, kind
        in_utc = SQL("{} at time zone 'UTC'").format(column) if kind == "timestamptz" else column
        self.fragments = {
            "timestamp": column,
            "in_utc": in_utc,
            "utc_text": SQL("to_char({}, 'YYYY-MM-DD HH24:MI:SS.US')").format(in_utc),
            "any_text": SQL(
                "coalesce(to_char(case when isfinite({0}) then {1} end, 'YYYY-MM-DD HH24:MI:SS.US'), {0}::text)"
            ).format(column, in_utc),
            "sent": SQL("{}({})").format(Identifier(f"{kind}_send"), column),
        }

    def since(self, us: int) -> Composable:
        """The least value of the column that is not before an instant."""
        # zfill: strftime writes the year 1 as `1`, which PostgreSQL takes for 2001.
        text = (EPOCH + timedelta(microseconds=us)).strftime("%Y-%m-%d %H:%M:%S.%f").zfill(26)
        if self._kind == "timestamptz":
            return SQL("{}::timestamptz").format(Value(f"{text}+00"))
        return SQL("{}::timestamp").format(Value(text))

    def until(self, us: int) -> Composable:
        """The largest value of the column that is not after an instant."""
        return self.since(us)

    def within(self, first_us: int, last_us: int) -> Composable:
        """Whether a row lies between two instants, both included."""
        return SQL("{} between {} and {}").format(self._column, self.since(first_us), self.until(last_us))

    def us(self, value: datetime) -> int:
        """The instant of a value of `in_utc`."""
        return instant_us(value)


class WholeTimes:
    """A column of whole numbers that count a unit since 1970 UTC."""

    out_of_range_statement = "out_of_range_numbers"

    def __init__(self, column: Composable, unit_us: int) -> None:
        self._column, self._unit_us = column, unit_us
        in_us = SQL("{}::int8 * {}").format(column, Value(unit_us))
        self.fragments = {
            "timestamp": column,
            "in_utc": in_us,
            "utc_text": SQL("{}::text").format(column),
            "any_text": SQL("{}::text").format(column),
            "sent": SQL("int8send({} - {})").format(in_us, Value(SINCE_2000_US)),
            "calendar_start": self.since(YEAR_1_US),
            "calendar_end": self.since(YEAR_10000_US),
        }

    def since(self, us: int) -> Composable:
        """The least value of the column that is not before an instant."""
        return Value(-(-us // self._unit_us))

    def until(self, us: int) -> Composable:
        """The largest value of the column that is not after an instant."""
        return Value(us // self._unit_us)

    def within(self, first_us: int, last_us: int) -> Composable:
        """Whether a row lies between two instants, both included."""
        return SQL("{} between {} and {}").format(self._column, self.since(first_us), self.until(last_us))

    def us(self, value: int) -> int:
        """The instant of a value of `in_utc`."""
        return value


class LooseTimes:
    """A column of text, or of numbers that are not whole; text may hold numbers too, where they have a unit."""

    def __init__(self, column: Composable, kind: str, unit_us: int | None) -> None:
        self._kind, self._unit_us = kind, unit_us
        text = SQL("btrim({}::text, {})").format(column, Value(SPACE))
        date = SQL('left({}, 10) collate "C"').format(text)
        # At most 18 digits: a cast of a longer one may overflow, and one bad row would end the statement.
        digits = SQL("case when {0} ~ '^-?[0-9]{{1,18}}([.][0-9]+)?$' then {0}::numeric end").format(text)
        self.newest_statements: dict[str, Callable[[Any], int]] = {}
        if kind in TEXT:
            self.newest_statements["newest_date"] = us_of_date
        if unit_us is not None:
            self.newest_statements["newest_number"] = lambda number: int(number * unit_us)
        self.polls_statement = "text_polls" if unit_us is None else "number_polls"
        self.fragments = {
            "timestamp": column,
            "trimmed": text,
            "date": date,
            "number": digits if kind in TEXT else column,
            "utc_text": SQL("{}::float8" if kind in FLOATS else "{}::text").format(column),
        }

    def bounds(self, stretch: Stretch) -> dict[str, Composable]:
        """The bounds by which a statement chooses the rows that may lie in a stretch of time."""
        first_us, last_us = stretch.first_us, stretch.last_us
        first_date = FIRST_DATE if first_us is None else date_text(first_us - EAST_US)
        last_date = LAST_DATE if last_us is None else date_text(last_us + EAST_US)
        dates: dict[str, Composable] = {"first_date": Value(first_date), "last_date": Value(last_date)}
        return dates if self._unit_us is None else dates | self._numbers(stretch, self._unit_us)

    def within(self, first_us: int, last_us: int) -> Composable:
        """Whether a row may lie between two instants: text by its date, give or take two days."""
        by_date = SQL("{date} between {first_date} and {last_date}")
        by_number = SQL("{number} between {first} and {last}")
        tests = [by_date] * (self._kind in TEXT) + [by_number] * (self._unit_us is not None)
        bounds = self.bounds(Stretch(first_us, last_us))
        return SQL("({})").format(SQL(" or ").join(test.format(**self.fragments, **bounds) for test in tests))

    def _numbers(self, stretch: Stretch, unit_us: int) -> dict[str, Composable]:
        calendar: dict[str, Composable] = {
            "calendar_start": Value(YEAR_1_US // unit_us),
            "calendar_end": Value(YEAR_10000_US // unit_us),
        }
        first_us = YEAR_1_US if stretch.first_us is None else stretch.first_us
        last_us = YEAR_10000_US if stretch.last_us is None else stretch.last_us
        return calendar | {"first": Value(first_us // unit_us - 1), "last": Value(last_us // unit_us + 1)}


Times = TypedTimes | WholeTimes | LooseTimes


def times_of(column: Composable, kind: str, mapping: SourceMapping) -> Times:
    """How the times of a column are read, by its type and by the unit of numbers in the mapping."""
    unit_us = UNIT_US[mapping.timestamp_unit] if mapping.timestamp_unit else None
    if kind in STAMPS:
        return TypedTimes(column, "timestamptz" if STAMPS[kind] == "timestamptz" else "timestamp")
    if unit_us is not None and kind in WHOLE_NUMBERS:
        return WholeTimes(column, unit_us)
    return LooseTimes(column, kind, unit_us)


def date_text(us: int) -> str:
    in_calendar_us = min(max(us, YEAR_1_US), YEAR_10000_US - 1)
    return (EPOCH + timedelta(microseconds=in_calendar_us)).strftime("%Y-%m-%d").zfill(10)


def us_of_date(text: str) -> int:
    """The first instant of a date in UTC; of one that does not exist, 1970."""
    try:
        return instant_us(datetime.fromisoformat(text))
    except ValueError:
        return 0
