"""Waiting for a thread so that Ctrl-C ends the wait."""

from concurrent.futures import Future, wait
from typing import TypeVar

Result = TypeVar("Result")

PATIENCE_S = 0.1


def awaited(coming: Future[Result]) -> Result:
    """What a future gives, looked at ten times a second and taken at once.

    Polars handles SIGINT too, in a way that lets system calls go on: a wait without an end would not notice Ctrl-C.
    """
    while not wait([coming], PATIENCE_S).done:
        pass
    return coming.result()
