"""The optional libraries of the pipeline, and the error where one is missing.

with provided_by(STORAGE):
    import obstore
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from store_uptime.pipeline.errors import ExtraMissing


class Extra(NamedTuple):
    """An extra of `pyproject.toml`: its name, which follows `store-uptime` in brackets, and what does not work
    without it."""

    name: str
    purpose: str


CLUSTER = Extra("cluster", "a report cannot be made on a cluster")
STORAGE = Extra("storage", "objects in a bucket can neither be read nor written")


@contextmanager
def provided_by(extra: Extra) -> Iterator[None]:
    """Around the imports of what an extra brings. Raises ExtraMissing."""
    try:
        yield
    except ModuleNotFoundError:
        raise ExtraMissing(extra.name, extra.purpose) from None
