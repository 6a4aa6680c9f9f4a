"""Waiting for a thread so that Ctrl-C ends the wait."""

from concurrent.futures import Future, wait
from typing import TypeVar

Result = TypeVar("Result")

PATIENCE_S = 0.1  # between two looks


def awaited(future: Future[Result]) -> Result:
    """The result of a future, or its exception; Ctrl-C ends the wait."""
    # In steps: Polars installs its SIGINT handler with SA_RESTART, so that a wait without an end would never notice it:
    # https://github.com/pola-rs/polars/issues/21739.
    while not wait([future], PATIENCE_S).done:
        pass
    return future.result()
