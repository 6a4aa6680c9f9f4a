"""The program of a worker process: it reads calls from its parent, and writes an answer to each.

`process` is the parent's side; the first call is `initialize_worker`.
"""

import os
import signal
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, cast

from store_uptime import pipeline
from store_uptime.pipeline import Limits
from store_uptime.service.errors import NeedsMoreMemory
from store_uptime.service.observability.memory import process_memory
from store_uptime.service.workers import condition
from store_uptime.service.workers.protocol import LENGTH, Answer, Call, decode, encode, portable

if TYPE_CHECKING:
    from store_uptime.pipeline import Frames

PARENT_LOOK_S = 0.5
NICENESS = 10  # requests are answered before reports are computed


def main() -> None:
    """Answer calls until the parent process has ended."""
    calls, answers = take_pipes()
    while (call := receive(calls)) is not None:
        answers.write(encode(answer(call)))
        answers.flush()
        condition.count_run()


def take_pipes() -> tuple[IO[bytes], IO[bytes]]:
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What native libraries print would be taken for an answer.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return calls, answers


def receive(calls: IO[bytes]) -> Call | None:
    """The next call; None once the parent process has ended."""
    head = calls.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return cast("Call", decode(calls.read(*LENGTH.unpack(head))))


def answer(call: Call) -> Answer[object]:
    """Call the function."""
    function, arguments = call
    try:
        with pipeline.panics_as_errors("a worker"):  # a panic of a native library is no Exception, nor can be pickled
            value = function(*arguments)
    except BaseException as error:
        is_starved = condition.is_starved_by(error)
        condition.record_failure(error)
        sent = NeedsMoreMemory() if condition.is_out_of_memory(error) else portable(error)
        return Answer(error=sent, is_starved=is_starved, condition=condition.current())
    return Answer(value, condition=condition.current())


def initialize_worker(memory: int, spill: str, path: list[str]) -> None:
    """Make a fresh process ready: what it needs is imported, it ends with its parent, and memory has an end.

    memory: the bytes that it may have.
    """
    sys.path[:] = path  # a worker imports what its server would, whatever folder it was started in
    for number in (signal.SIGINT, signal.SIGTERM):  # those are for the server, which sees to its workers
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
    share = min(memory, process_memory() or memory)
    threading.Thread(target=condition.end_beyond, args=[share], daemon=True).start()
    # The first run of DuckDB, Polars and ConnectorX in a process costs half a second; here nobody waits for it.
    pipeline.open_source("postgresql://localhost/none")  # imports the driver; connects to nothing
    pipeline.archive(pipeline.build_report(smallest_source(), limits=Limits(spill=spill)))
    condition.set_baseline(share)
    os.nice(NICENESS)  # only now: on a busy machine a start at this rank takes ten times as long, and is waited for


def end_with(parent: int) -> None:
    """End this process when its parent has ended, even while it runs native code, which may take minutes."""
    while os.getppid() == parent:
        time.sleep(PARENT_LOOK_S)
    os._exit(1)


def smallest_source() -> "Frames":
    """A source that runs every step of a report."""
    import polars as pl

    polls = pl.DataFrame({"store_id": ["1"], "timestamp_utc": ["2024-01-01 12:00:00 UTC"], "status": ["active"]})
    hours = pl.DataFrame(
        schema=dict.fromkeys(("store_id", "day_of_week", "start_time_local", "end_time_local"), pl.String)
    )
    return pipeline.Frames(polls, hours, pl.DataFrame(schema=dict.fromkeys(("store_id", "timezone_str"), pl.String)))
