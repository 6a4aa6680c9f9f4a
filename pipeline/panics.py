"""Panics of native libraries as an error of ours.

A panic is a mistake within a library that is written in Rust. It comes to Python as a `PanicException`, which is no
`Exception`, cannot be pickled, and is a class of its own in each library. DuckDB has two classes for the same.
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
    """Whether a library has failed within itself."""
    if type(error).__module__ == "pyo3_runtime":
        return not isinstance(error, Exception)
    duckdb = sys.modules.get("duckdb")
    return duckdb is not None and isinstance(error, (duckdb.InternalException, duckdb.FatalException))
