"""A transaction that reads one state of some tables, and keeps that state until it ends.

A snapshot hides rows that other sessions insert, update and delete. It does not hide TRUNCATE, nor a table that is
rewritten, refreshed or replaced: then all snapshots lose rows, or see new ones. So every table is locked
as a reader locks it before anything is read, also those that views, partitions and children lead to.

The lock is taken by reading no rows: LOCK TABLE needs a right to all columns, and does not know materialized views.
A read takes the snapshot too, which may be a moment older than the lock. So all is done twice: where the same tables
have the same files as before, nothing has changed them since the first time, and the snapshot lies between.

It never waits for a lock while it holds another: a reload that locks our tables in another order would deadlock, and
the server might end the reload. After a moment it releases all locks, and tries again.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from time import monotonic, sleep
from typing import LiteralString, cast

import psycopg
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Literal

from store_uptime.pipeline.statements import statement

BEGIN = "begin isolation level repeatable read read only"
LOCK_MOMENT = "set local lock_timeout = '100ms'"  # much less than the server's deadlock_timeout of 1 s
PAUSE_S = 0.1
ATTEMPTS = 5
REPLACED = "its tables were replaced while they were read"
LOCKED = "another session keeps its tables from being read"

Held = list[TupleRow]
"""The table of each name, then the locked tables, each with its file."""


class OptionalTable(StrEnum):
    """What a name leads to that may lead to any table, or to none."""

    ABSENT = "absent"
    ANOTHER_TABLE = "another table"
    """It has not the column that a table of ours has."""
    NOT_PERMITTED = "not permitted"
    READABLE = "readable"


class TablesReplaced(psycopg.OperationalError):
    """The tables were replaced while they were read, or are replaced again and again."""


class LockedTables:
    """The transaction of a connection in which some tables do not change. Its methods raise psycopg.Error.

    names: of the tables, qualified where that is needed. optional: of tables that may be absent, the column that makes
    each one of ours; those among the names are locked where they are readable. settings: of the transaction, where
    nobody has set them. wait_s: how long it waits for locks; a `lock_timeout` that is set on the server replaces it.
    """

    def __init__(
        self,
        connection: psycopg.Connection,
        names: Sequence[str],
        optional: Mapping[str, str],
        settings: Mapping[str, str],
        wait_s: float,
    ) -> None:
        self._connection, self._wanted, self._settings = connection, list(names), settings
        self._id_columns = dict(optional)
        self.optional: dict[str, OptionalTable] = {}
        """What each optional name leads to; known once it has begun."""
        self._tables: list[str] = []
        self._held: Held = []
        self.wait_s = wait_s
        self.is_pooled = False
        """Whether there is a pooler before the server; known, like `unset`, once it has begun."""
        self.unset: dict[str, str] = {}
        """Those of the settings that have their default on the server."""

    def begin(self) -> None:
        """Begin the transaction with its locks and its snapshot.

        Raises LockNotAvailable where another session keeps a table from being read, TablesReplaced.
        """
        for _ in range(ATTEMPTS):
            before, self._held = self._held, self._once_free()
            if self._held == before:
                return
        raise TablesReplaced("its tables are being replaced again and again")

    def _once_free(self) -> Held:
        """Begin the transaction once no other session keeps the tables from being read. Raises LockNotAvailable."""
        since = monotonic()
        while (held := self._try_once()) is None:
            # `wait_s` may come from the server's settings, which are known after the first try.
            if monotonic() - since > self.wait_s:
                raise psycopg.errors.LockNotAvailable(LOCKED)
            sleep(PAUSE_S)
        return held

    def _try_once(self) -> Held | None:
        """Begin the transaction; None where a lock is not to be had at once."""
        self._connection.rollback()
        self._look()
        settings = [f"set local {name} = '{value}'" for name, value in self.unset.items()]
        try:
            return self._last_rows(BEGIN, *settings, *self._locking, self._state)
        except psycopg.errors.LockNotAvailable:
            return None

    def oid(self, name: str) -> int | None:
        """The oid of the table with one of the names; None: there is none, or it is not one of ours."""
        return self._held[self._names.index(name)][1] if name in self._names else None

    @property
    def _names(self) -> list[str]:
        # What an optional name leads to that is not ours may be locked or replaced by others: it is not read.
        return [
            name for name in self._wanted if self.optional.get(name, OptionalTable.READABLE) is OptionalTable.READABLE
        ]

    def require_unchanged(self) -> None:
        """Raises TablesReplaced where the names now mean other tables, or more of them.

        The locks do not keep a schema from being renamed, or a partition from being attached.
        """
        held = self._last_rows(self._state)
        if self._last_rows(*self._locking, self._state) != held:
            raise TablesReplaced(REPLACED)
        self._require_same_names(held)

    def require_same_names(self) -> None:
        """The same by the names alone, after a statement has failed; it ends the transaction."""
        self._connection.rollback()
        self._require_same_names(self._last_rows(self._state))

    def _require_same_names(self, held: Held) -> None:
        names = len(self._names)
        if held[:names] != self._held[:names]:
            raise TablesReplaced(REPLACED)

    def held_by_others(self) -> str | None:
        """The name of a table that another session keeps from being read, one of ours if possible."""
        self._connection.rollback()
        row = self._connection.execute(statement(__package__, "locked_by_others"), {"tables": self._names}).fetchone()
        return None if row is None else row[0]

    def _look(self) -> None:
        parameters = {
            "tables": self._wanted,
            "optional": list(self._id_columns),
            "id_columns": list(self._id_columns.values()),
            "settings": list(self._settings),
        }
        row = self._connection.execute(statement(__package__, "readable_tables"), parameters).fetchone()
        self._tables, states, unset, lock_timeout_ms, process = cast(
            "tuple[list[str], list[str], list[str], int | None, int]", row
        )
        self.optional = dict(zip(self._id_columns, map(OptionalTable, states), strict=True))
        self.is_pooled = process != self._connection.info.backend_pid
        self.unset = {name: self._settings[name] for name in unset}
        if lock_timeout_ms is not None:
            self.wait_s = lock_timeout_ms / 1_000 or float("inf")

    @property
    def _locking(self) -> list[str]:
        if not self._tables:
            return []
        return [LOCK_MOMENT, f"select from {', '.join(self._tables)} limit 0", "set local lock_timeout to default"]

    @property
    def _state(self) -> str:
        return SQL(statement(__package__, "held_tables")).format(names=Literal(self._names)).as_string(self._connection)

    def _last_rows(self, *statements: str) -> Held:
        """The rows of the last of some statements, in one exchange with the server."""
        cursor = self._connection.execute(cast("LiteralString", "; ".join(statements)))
        while cursor.nextset():
            pass
        return cursor.fetchall()
