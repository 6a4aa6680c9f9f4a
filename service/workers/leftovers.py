"""What a killed worker has left running in PostgreSQL: without a client to read them, statements go on to their end."""

import asyncio
from contextlib import suppress

from store_uptime import pipeline
from store_uptime.service.concurrency.threads import Threads

AT_ONCE = 2
END_S = 10.0  # how long it may take


class Leftovers:
    """Ends the statements of processes that were killed, by the name of their connections."""

    def __init__(self) -> None:
        self._threads, self._ending = Threads(AT_ONCE), set[asyncio.Task[None]]()

    def end_soon(self, database: str, application: str) -> None:
        """End every connection that has this application name, without waiting: its server may hang."""
        task = asyncio.create_task(self.end(database, application))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def wait(self) -> None:
        """Wait until all is ended that was to be, though not for ever."""
        if self._ending:
            await asyncio.wait(self._ending, timeout=END_S)

    async def end(self, database: str, application: str) -> None:
        """The same, and wait for it, but not for long."""
        if pipeline.reads_files(database):  # nobody goes on reading files for a process that has gone
            return
        with suppress(TimeoutError):
            await self._threads.call(END_S, pipeline.end_statements, database, application)
