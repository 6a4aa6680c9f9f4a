"""The optional libraries: the extra of each, and the error where it is missing.

with provided_by(Extra.ENCRYPTION):
    import pyrage
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from store_uptime.pipeline import ExtraMissing


class Extra(StrEnum):
    """The extras of `pyproject.toml`, by the name that follows `store-uptime` in brackets."""

    DELIVERY = "delivery"
    ENCRYPTION = "encryption"


PURPOSES = {
    Extra.DELIVERY: "reports cannot be delivered to a bucket",
    Extra.ENCRYPTION: "reports can neither be encrypted nor decrypted",
}


@contextmanager
def provided_by(extra: Extra) -> Iterator[None]:
    """Around the imports of what an extra brings. Raises ExtraMissing."""
    try:
        yield
    except ModuleNotFoundError:
        raise ExtraMissing(extra, PURPOSES[extra]) from None
