"""A table of polls in, raw polls out, by the type of its times.

poll_table   one of these two:
TypedPollTable   times that the server can compare: the polls of the horizon are pulled packed
LoosePollTable   times that are text or inexact numbers: all rows that may lie in the horizon are pulled as text
"""

# ConnectorX spends about a microsecond of processor time on a row of three columns, which was most of a report. Packed,
# a row is a store and a status with all its times as bytes: next to no time, and a fifth of the bytes.

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from psycopg.sql import Literal as Value

from store_uptime.pipeline.instants import EPOCH, instant_us
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.source.postgres.database_tables import DatabaseTable
from store_uptime.pipeline.source.postgres.session import Pull
from store_uptime.pipeline.source.postgres.times import EVER, LooseTimes, Stretch, TypedTimes, WholeTimes

if TYPE_CHECKING:
    from store_uptime.pipeline.clean.raw import PollRows
    from store_uptime.pipeline.packing import StoreCodes
    from store_uptime.pipeline.source.frames import FrameTables

Arriving = Callable[["StoreCodes"], "Sequence[PollRows]"]
"""Waits for the polls of a pull that was started; they are the parts of `RawTables.polls`."""
BEGINNING_US, END_US = instant_us(EPOCH.replace(year=1)), instant_us(EPOCH.replace(year=9999))
ACCEPTED = {"unreadable": Value("\ufffd")}


class TypedPollTable:
    """Polls whose times are timestamps or whole numbers."""

    # With an index on the time the server reads its end only.
    newest_statement = "newest_polls"

    def __init__(self, table: DatabaseTable, times: TypedTimes | WholeTimes, mapping: SourceMapping) -> None:
        self._table, self._times, self._mapping = table, times, mapping

    def start(self, horizon: Horizon, store: str | None) -> Arriving:
        """The polls of a horizon, started; the call waits for them. Valid ones are packed, the rest comes as text."""
        table, times, of_store = self._table, self._times, self._table.of_store(store)
        bounds = {"start": times.since(horizon.start_us), "now": times.until(horizon.now_us), "of_store": of_store}
        ahead = Value(None) if horizon.ahead_us is None else times.until(horizon.ahead_us)
        packed = table.start("valid_polls", store, **bounds)
        out_of_range = table.start(times.out_of_range_statement, store, ahead=ahead, of_store=of_store)

        # Not started yet: whether there are any is seen in the packed groups, and most feeds have none.
        def irregular() -> Pull:
            return table.start("irregular_polls", store, **bounds, **ACCEPTED)

        return partial(poll_rows, packed, out_of_range, irregular, self._mapping)

    def newest_poll_us(self, ceiling_us: int) -> int | None:
        """The newest poll up to an instant that would be accepted."""
        bounds = {"ceiling": self._times.until(ceiling_us), "beginning": self._times.until(BEGINNING_US)}
        rows = self._table.rows("newest", **bounds, **ACCEPTED)
        return self._times.us(rows[0][0]) if rows else None

    def poll_span_us(self) -> tuple[int, int] | None:
        """The oldest and the newest readable time."""
        bounds = {"beginning": self._times.until(BEGINNING_US), "end": self._times.since(END_US)}
        ((oldest, newest),) = self._table.rows("span", **bounds)
        return None if oldest is None else (self._times.us(oldest), self._times.us(newest))


class LoosePollTable:
    """Polls whose times the server cannot compare as instants."""

    # Not the newest: to sort text by its time the server would read the whole table.
    newest_statement = "some_polls"

    def __init__(self, table: DatabaseTable, times: LooseTimes, source: str, mapping: SourceMapping) -> None:
        self._table, self._times, self._source, self._mapping = table, times, source, mapping

    def start(self, horizon: Horizon, store: str | None) -> Arriving:
        """The polls that may lie in a horizon, started; the call waits for them. All are unchecked."""
        last_us = horizon.now_us if horizon.ahead_us is None else None  # polls ahead of the clock are rejected rows
        pull = self._start(Stretch(horizon.start_us, last_us), store)

        def arrived(codes: "StoreCodes") -> "Sequence[PollRows]":
            from store_uptime.pipeline.clean.polls import JudgedPolls

            return [JudgedPolls(pull.frame().lazy(), codes, self._mapping)]

        return arrived

    def newest_poll_us(self, ceiling_us: int) -> int | None:
        """The newest poll up to an instant that would be accepted."""
        # First the newest date or number that the server can find in the text, then the polls since: a few rows. All
        # polls are read only where none of these is accepted.
        bounds = self._times.bounds(Stretch(None, ceiling_us))
        seen_us = [
            us_of(rows[0][0])
            for name, us_of in self._times.newest_statements.items()
            if (rows := self._table.rows(name, **bounds)) and rows[0][0] is not None
        ]
        if not seen_us:
            return None
        newest = self._frames(Stretch(max(seen_us), ceiling_us)).newest_poll_us(ceiling_us)
        return self._frames(EVER).newest_poll_us(ceiling_us) if newest is None else newest

    def poll_span_us(self) -> tuple[int, int] | None:
        """The oldest and the newest readable time."""
        return self._frames(EVER).poll_span_us()

    def _start(self, stretch: Stretch, store: str | None) -> Pull:
        bounds = self._times.bounds(stretch) | {"of_store": self._table.of_store(store)}
        return self._table.start(self._times.polls_statement, store, **bounds)

    def _frames(self, stretch: Stretch) -> "FrameTables":
        polls = self._start(stretch, None).frame().lazy()
        from store_uptime.pipeline.source.frames import FrameTables

        return FrameTables({"store_status": [polls], "menu_hours": [], "timezones": []}, self._source, self._mapping)


def poll_table(table: DatabaseTable, source: str, mapping: SourceMapping) -> TypedPollTable | LoosePollTable:
    """The polls of a table, by the type of its times."""
    times = table.found.times
    loose = isinstance(times, LooseTimes)
    return LoosePollTable(table, times, source, mapping) if loose else TypedPollTable(table, times, mapping)


def poll_rows(
    packed: Pull, out_of_range: Pull, irregular: Callable[[], Pull], mapping: SourceMapping, codes: "StoreCodes"
) -> "Sequence[PollRows]":
    groups = packed.table()
    from store_uptime.pipeline.clean.polls import JudgedPolls
    from store_uptime.pipeline.source.postgres.packed_polls import PackedGroups, valid_groups

    is_valid = valid_groups(groups)
    unchecked = [out_of_range.frame()]
    if not is_valid.all():
        groups = groups.filter(is_valid.to_arrow())
        unchecked.append(irregular().frame())
    # Nearly always there is none to judge, which for no row takes longer than to unpack the polls of a store.
    judged = (JudgedPolls(frame.lazy(), codes, mapping) for frame in unchecked if not frame.is_empty())
    return [PackedGroups(groups, codes), *judged]
