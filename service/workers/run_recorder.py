"""What a run writes into the registry, from its own process."""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Self

import psycopg
import stamina

from store_uptime import pipeline
from store_uptime.pipeline import StoreUptimeError
from store_uptime.service.registry.connection import database_cause, execute_statement
from store_uptime.service.registry.queue import record_progress
from store_uptime.service.registry.reports import newest_figures
from store_uptime.service.registry.statements import AnyRow, Statement
from store_uptime.service.workers.tasks import Task

REGISTRY_PATIENCE = timedelta(minutes=5)
WRITE_PATIENCE = timedelta(seconds=60)  # of one try: a result may be large


class RunRecorder:
    """Writes the progress and the end of a run, as its holder: what is written without the run's token has no effect.

    It connects when there is something to write, and again after an error. The run waits for its end alone: all is
    written in a thread of its own, one thing after the other.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._connection: psycopg.Connection | None = None
        self._writer = ThreadPoolExecutor(1)
        self._step: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.submit(self._disconnect)
        self._writer.shutdown(wait=False)

    def record_step(self, step: str, version: str | None) -> None:
        """Write the current step and the version of the data; where that is impossible, the run goes on."""
        if self._step is not None:
            self._step.cancel()  # where nobody has begun to write it: this one says more
        self._step = self._writer.submit(self._write_step, step, version)

    def newest_figures(self) -> bytes | None:
        """The figures of the newest report of all stores; None where there is none, or the registry does not answer."""
        with suppress(psycopg.Error, StoreUptimeError):
            return next((row.figures for row in self._written(newest_figures())), None)
        return None

    def record_end(self, statement: Statement[AnyRow]) -> bool:
        """Write how the run has ended; False where another server has taken it over, or it was cancelled.

        Raises psycopg.Error, SourceUnreachable and SourceRefused where the registry is away for too long.
        """
        # Waited for as long as this: the result has taken longer to make.
        for attempt in stamina.retry_context(on=is_transient, attempts=None, timeout=REGISTRY_PATIENCE, wait_max=2.0):
            with attempt:
                return bool(self._written(statement))
        return False

    def _written(self, statement: Statement[AnyRow]) -> list[AnyRow]:
        return self._writer.submit(self._execute, statement).result()

    def _write_step(self, step: str, version: str | None) -> None:
        with suppress(psycopg.Error, StoreUptimeError):
            self._execute(record_progress(self._task.report_id, self._task.run, step, version))

    def _execute(self, statement: Statement[AnyRow]) -> list[AnyRow]:
        if self._connection is None:
            name = f"store-uptime worker {os.getpid()}"
            self._connection = pipeline.connect(self._task.registry, name, WRITE_PATIENCE)
        try:
            return execute_statement(self._connection, statement)
        except psycopg.Error:
            self._disconnect()  # the next one may be in order, or lead to another server
            raise

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def is_transient(error: Exception) -> bool:
    """Whether the registry is only away, or cannot do its work just now."""
    match error:
        case psycopg.Error():
            return database_cause(error) is not None
        case _:
            return isinstance(error, pipeline.SourceUnreachable | pipeline.SourceRefused)
