"""What is not installed with the plain package: which extra brings it, and what is said where it is missing.

with provided_by(Extra.ENCRYPTION):
    import pyrage
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from store_uptime.pipeline import StoreUptimeError


class Extra(StrEnum):
    """The extras of `pyproject.toml`, by the name that follows `store-uptime` in brackets."""

    DELIVERY = "delivery"
    ENCRYPTION = "encryption"


PURPOSES = {
    Extra.DELIVERY: "reports cannot be delivered to a bucket",
    Extra.ENCRYPTION: "reports can neither be encrypted nor decrypted",
}


class ExtraMissing(StoreUptimeError):
    """Something is asked for that only an extra of the package can do, and that is not installed."""

    def __init__(self, extra: Extra) -> None:
        super().__init__(extra)
        self.extra = extra

    def __str__(self) -> str:
        # in quotes, for zsh takes the brackets for a pattern
        return f"{PURPOSES[self.extra]}: this needs an extra. Install it: pip install 'store-uptime[{self.extra}]'"


@contextmanager
def provided_by(extra: Extra) -> Iterator[None]:
    """Around the imports of what an extra brings. Raises ExtraMissing."""
    try:
        yield
    except ModuleNotFoundError:
        raise ExtraMissing(extra) from None
