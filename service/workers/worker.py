"""What a worker process does: it reads calls from its parent, and writes an answer to each.

    call     (function, arguments), pickled, behind its length in eight bytes
    answer   an Answer, in the same form

The first call is `work.begin`. Standard input and output of the process lead nowhere once it runs: what native
libraries print would be taken for an answer.
"""

import os
import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from store_uptime import pipeline
from store_uptime.service.errors import NeedsMoreMemory
from store_uptime.service.workers import condition
from store_uptime.service.workers.condition import UNKNOWN, Condition

LENGTH = struct.Struct(">Q")
Call = tuple[Callable[..., Any], tuple[Any, ...]]


@dataclass(frozen=True)
class Answer:
    """What a call has come to, and what the process is like after it.

    is_starved: it failed for want of something that this process has used up, and a fresh one may have.
    """

    value: Any = None
    error: BaseException | None = None
    is_starved: bool = False
    condition: Condition = UNKNOWN

    def result(self) -> Any:
        """The value. Raises the error."""
        if self.error is not None:
            raise self.error
        return self.value


class Unportable(Exception):
    """An error that cannot be sent to another process; its text is what is left of it."""


def packed(message: object) -> bytes:
    """A message as it travels."""
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(content)) + content


def unpacked(content: bytes) -> Any:
    """What was packed at the other end."""
    return pickle.loads(content)  # noqa: S301 - the other end is ours


def portable(error: BaseException) -> BaseException:
    """An error that arrives as what it was, or else as its text."""
    try:
        unpacked(pickle.dumps(error))
    except Exception:
        return Unportable(f"{type(error).__name__}: {error}")
    return error


def answer(call: Call) -> Answer:
    """Do what is asked, and say how it ended. A panic of a native library is no Exception, and ends the call alone."""
    function, arguments = call
    try:
        with pipeline.panics_as_errors("a worker"):  # a panic cannot be pickled
            value = function(*arguments)
    except BaseException as error:
        is_starved = condition.is_starved_by(error)
        condition.note_failure(error)
        shown = NeedsMoreMemory() if condition.is_of_memory(error) else portable(error)
        return Answer(error=shown, is_starved=is_starved, condition=condition.now())
    return Answer(value, condition=condition.now())


def received(calls: IO[bytes]) -> Call | None:
    """The next call; None once the parent has gone."""
    head = calls.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return unpacked(calls.read(*LENGTH.unpack(head)))


def own_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes from and to the parent, where nobody else reads and writes."""
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return calls, answers


def main() -> None:
    """Answer calls until the parent has gone."""
    calls, answers = own_pipes()
    while (call := received(calls)) is not None:
        answers.write(packed(answer(call)))
        answers.flush()
        condition.count_run()
