"""Time limits for every wait for PostgreSQL.

The kernel of a server that is frozen (SIGSTOP) still acknowledges what it is sent: neither the server's own timeouts
nor those of TCP end such a wait. So `PatientConnection` checks the clock itself.
"""

import logging
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

import psycopg
from psycopg import pq, waiting

if TYPE_CHECKING:
    from psycopg.abc import ConnDict, PQGen

Result = TypeVar("Result")

CONNECT_TIMEOUT_S = 4
STEP_S = 0.1
"""Between two checks of the clock, and for Ctrl-C."""
LOCK_S = 60.0
PULL_LOCK = "1s"
"""How long a pull waits behind a reload that waits for our locks; then it uses the connection that has them."""
CANCEL_S = 0.5
"""How long a server may take to cancel a statement: after Ctrl-C the user waits for it."""
RUN = timedelta(hours=1)
"""The patience of a run."""
KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
"""A machine that has failed is noticed within a minute, by either side."""


# Without a handler Python writes its warnings to stderr, which is the progress and the errors of our commands.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class NoAnswer(psycopg.OperationalError):
    """The server has not answered in time. It may still have run the statement."""


class PatientConnection(psycopg.Connection):
    """A connection whose statements raise NoAnswer where they take longer than `patience`; None: any time will do."""

    patience: timedelta | None = None

    def wait(self, gen: "PQGen[Result]", interval: float = STEP_S, timeout: float | None = None) -> Result:
        """See psycopg: every statement of the connection goes through here."""
        # Instead of psycopg's own wait, which at Ctrl-C cancels the statement and then waits ten seconds for a server
        # that is frozen: https://github.com/psycopg/psycopg/issues/231.
        steps = gen if self.patience is None else bounded(gen, self.patience)
        try:
            return waiting.wait(steps, self.pgconn.socket, interval=interval, timeout=timeout)
        except KeyboardInterrupt:
            if self.pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
                self._end(steps)
            raise

    def _end(self, steps: "PQGen[object]") -> None:
        """Cancel a statement on the server; close the connection where that gets no answer."""
        try:
            self.cancel_safe(timeout=CANCEL_S)
            waiting.wait(steps, self.pgconn.socket, interval=STEP_S, timeout=CANCEL_S)
        except psycopg.errors.QueryCanceled:
            pass
        except BaseException:  # an error, or Ctrl-C once more: the one before is raised
            self.close()


def bounded(steps: "PQGen[Result]", patience: timedelta) -> "PQGen[Result]":
    """The steps of a statement; raises NoAnswer once they take longer than `patience`."""
    deadline = monotonic() + patience.total_seconds()
    try:
        awaited = next(steps)
        while monotonic() <= deadline:  # psycopg sends a `Ready` at least once in STEP_S, even where nothing is
            awaited = steps.send((yield awaited))
    except StopIteration as done:
        return done.value
    raise NoAnswer(f"it has not answered within {patience.total_seconds():g} s")


def connection_options(given: "ConnDict", patience: timedelta | None) -> dict[str, int]:
    """The libpq options that limit the waits of a connection, without those that the address sets."""
    timeout_s = CONNECT_TIMEOUT_S if patience is None else min(CONNECT_TIMEOUT_S, max(1, int(patience.total_seconds())))
    ours = {"connect_timeout": timeout_s, **KEEPALIVES}
    return {name: value for name, value in ours.items() if not given.get(name)}


def lock_wait_s(patience: timedelta | None) -> float:
    """How long to wait for the locks of the tables."""
    return LOCK_S if patience is None else min(LOCK_S, patience.total_seconds() / 2)


def server_settings(patience: timedelta | None) -> dict[str, str]:
    """The settings of the server that limit a transaction there, for those that have their default."""
    # A statement ends on the server a little before the limit here, so that the error names its cause. A client
    # whose machine has failed is noticed within two minutes instead of two hours: until then it holds its locks.
    statement_ms = int((patience * 0.8 if patience else RUN) / timedelta(milliseconds=1))
    return {
        "statement_timeout": f"{statement_ms}ms",
        "lock_timeout": PULL_LOCK,
        "idle_in_transaction_session_timeout": f"{int(RUN / timedelta(milliseconds=1))}ms",
        "tcp_keepalives_idle": "60",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "6",
    }
