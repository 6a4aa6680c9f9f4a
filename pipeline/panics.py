"""Panics of native libraries as an error of ours.

A panic is a failed assertion within a library that is written in Rust. DuckDB has two exceptions for the same.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from store_uptime.pipeline.errors import LibraryPanicked


@contextmanager
def panics_as_errors(what: str) -> Iterator[None]:
    """Raises LibraryPanicked where a library panics over what is read in the block."""
    try:
        yield
    except BaseException as error:
        if is_panic(error):
            raise LibraryPanicked(what, str(error)) from error
        raise


def is_panic(error: BaseException) -> bool:
    """Whether an error is a panic of a library."""
    # PyO3 creates the class in each library, so there is none to import, and it cannot be pickled. It derives from
    # BaseException, so that no `except Exception` goes on with broken state.
    if type(error).__module__ == "pyo3_runtime":
        return not isinstance(error, Exception)
    duckdb = sys.modules.get("duckdb")  # not imported here: a module that is not loaded has not failed
    return duckdb is not None and isinstance(error, (duckdb.InternalException, duckdb.FatalException))
