"""What a worker of a cluster does with a task: compare versions, then call the function.

A call travels as bytes that only a worker unpickles. The scheduler unpickles the graph of what it is given, and would
have to import whatever the graph refers to: this way it needs no store-uptime, and no Polars in its memory.
"""

import pickle
import sys
import traceback
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from store_uptime.pipeline.errors import StoreUptimeError, WorkerMismatch

COMPARED = ("store-uptime", "polars", "duckdb", "pyarrow", "tzdata", "distributed")
"""The distributions whose version may change a figure, or how it travels."""
MISSING = "missing"


class Deferred:
    """A call that is made where it is unpickled: `pickle.loads` gives the result."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.function, self.arguments


def packed_call(function: Callable[..., bytes], arguments: tuple[object, ...]) -> bytes:
    """A call for `pickle.loads` on a worker. Versions are compared there before the function is looked for."""
    return pickle.dumps(Deferred(checked_call, pickle.dumps(Deferred(function, *arguments)), versions()))


def checked_call(call: bytes, expected: dict[str, str]) -> bytes:
    """The result of a call. Raises WorkerMismatch, and what the function raises."""
    if found := difference(expected, versions()):
        raise WorkerMismatch(*found, own_address())
    try:
        return pickle.loads(call)  # noqa: S301
    except ModuleNotFoundError as error:
        raised = WorkerMismatch(f"the module {error.name}", MISSING, own_address())
    except StoreUptimeError as error:
        raised = alone(error)
    raise raised


def alone(error: StoreUptimeError) -> StoreUptimeError:
    """The same error without its causes, which `--debug` shows as a text."""
    # Dask pickles an error with its causes. If one of them cannot be pickled, a panic of Polars say, the error itself
    # arrives as an Exception with some text.
    bare = error.replace()
    bare.add_note("".join(traceback.format_exception(error)))
    return bare


@cache
def versions() -> dict[str, str]:
    """The versions of this process that matter."""
    return {"Python": python_version(sys.version)} | {name: installed_version(name) for name in COMPARED}


def python_version(text: str) -> str:
    """Major and minor version: what decides whether pickles and wheels fit."""
    return ".".join(text.split(".")[:2])


def installed_version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return MISSING


def difference(here: dict[str, str], there: dict[str, str]) -> tuple[str, str] | None:
    """The first difference, as a sentence has it: `polars 2.1.0` and `2.0.3`; None where there is none."""
    differing = (name for name in here if there.get(name, MISSING) != here[name])
    return next(((f"{name} {here[name]}", there.get(name, MISSING)) for name in differing), None)


def own_address() -> str:
    from distributed import get_worker

    return get_worker().address
