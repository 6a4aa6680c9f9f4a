"""The results of statements as Arrow tables.

by_connectorx   each on a connection of its own, many at once: for the tables
by_connection   on an open connection: for small results, and where no other connection is possible

"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Thread

import connectorx
import psycopg
import pyarrow
from psycopg.sql import Composed

ARROW = {16: pyarrow.bool_(), 17: pyarrow.large_binary(), 701: pyarrow.float64()}
"""By type of PostgreSQL, as ConnectorX has it; everything else is cast to text."""


class PullFailed(Exception):
    """ConnectorX has not read what it should; the reason is in words that follow the language of the server."""


def by_connection(connection: psycopg.Connection, query: Composed) -> pyarrow.Table:
    """The result of a statement that gives text, booleans, bytes and floats. Raises psycopg.Error."""
    cursor = connection.execute(query, binary=True)
    columns = cursor.description or []
    values: Sequence[Sequence[object]] = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(columns)
    kinds = [ARROW.get(column.type_code, pyarrow.string()) for column in columns]
    arrays = [pyarrow.array(each, kind) for each, kind in zip(values, kinds, strict=True)]
    return pyarrow.Table.from_arrays(arrays, names=[column.name for column in columns])


def by_connectorx(url: str, opening: list[str], query: str) -> pyarrow.Table:
    """The same, on a new connection, after the statements that open its transaction. Raises PullFailed."""
    # Only for pulls that are worth it: its pool of connections leaves three threads behind for half a minute, since the
    # timer of r2d2 cannot be stopped: https://github.com/sfackler/r2d2/issues/99.
    try:
        return connectorx.read_sql(url, query, return_type="arrow", pre_execution_query=opening)
    except BaseException as error:  # a panic is no Exception; this thread gets no other
        raise PullFailed(str(error)) from None


def in_thread(function: Callable[[], pyarrow.Table]) -> Future[pyarrow.Table]:
    """Run a function in a daemon thread."""
    # Not an executor: its threads are joined at the end of the program, which Ctrl-C would wait for native code then.
    future: Future[pyarrow.Table] = Future()

    def run() -> None:
        try:
            future.set_result(function())
        except Exception as error:
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future
