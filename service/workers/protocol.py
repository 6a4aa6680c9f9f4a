"""How a server and its worker processes talk: over the pipes of the process.

call     (function, arguments), pickled, behind its length in eight bytes
answer   an Answer, in the same form
"""

import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from store_uptime.service.workers.condition import UNKNOWN, Condition

LENGTH = struct.Struct(">Q")
Call = tuple[Callable[..., object], tuple[object, ...]]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Answer(Generic[Result]):
    """The result of a call, and the condition of the process after it.

    is_starved: it failed for want of something that this process has used up, and a fresh one may have.
    """

    value: Result | None = None
    error: BaseException | None = None
    is_starved: bool = False
    condition: Condition = UNKNOWN

    def result(self) -> Result:
        """The value. Raises the error."""
        if self.error is not None:
            raise self.error
        return cast("Result", self.value)  # None, too, may be the result of a function


class Unportable(Exception):
    """An error that cannot be sent to another process; its text is what is left of it."""


def encode(message: Call | Answer[object]) -> bytes:
    """A message as it travels, behind its length."""
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(content)) + content


def decode(content: bytes) -> object:
    """The message that was encoded at the other end, without its length."""
    return pickle.loads(content)  # noqa: S301 - the other end is ours


def portable(error: BaseException) -> BaseException:
    """An error that arrives as what it was, or else as its text."""
    try:
        # Both ways: an error whose __init__ takes other arguments than its `args` is pickled and fails at the parent.
        decode(pickle.dumps(error))
    except Exception:
        return Unportable(f"{type(error).__name__}: {error}")
    return error
