"""Where files are delivered to: folders, and buckets that speak S3, each under a name that the operator gives it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from pipeline import StoreUptimeError
from service.errors import NotDelivered

RETRIES = {"max_retries": 1, "retry_timeout": timedelta(seconds=20)}  # what is longer away, the courier waits for
BUCKET = "s3://"


class NoDestination(StoreUptimeError):
    """What was given as a destination is none."""

    def __str__(self) -> str:
        given, reason = self.args
        return f"cannot deliver to {given!r}: {self.clause(reason)}. Write NAME=FOLDER, or NAME=s3://BUCKET/PREFIX."


@dataclass(frozen=True)
class Destination:
    """A folder or a bucket."""

    store: ObjectStore

    async def put(self, name: str, content: bytes) -> None:
        """Have a file there, in whole or not at all; one of the same name gives way. Raises NotDelivered."""
        try:
            await obstore.put_async(self.store, name, content)
        except (BaseError, OSError) as error:
            raise NotDelivered(first_line(error)) from None


def destinations(given: Iterable[str]) -> dict[str, Destination]:
    """The destinations by name, of NAME=FOLDER or NAME=s3://BUCKET/PREFIX; what a bucket needs else is said by AWS_…
    variables. Raises NoDestination."""
    found: dict[str, Destination] = {}
    for text in given:
        name, _, url = text.partition("=")
        if not name or not url:
            raise NoDestination(text, "a name or an address is missing")
        if name in found:
            raise NoDestination(text, f"the name {name} stands for another one already")
        try:
            found[name] = Destination(opened(url))
        except (BaseError, OSError, ValueError) as error:
            raise NoDestination(text, first_line(error)) from None
    return found


def opened(url: str) -> ObjectStore:
    """The store behind an address."""
    if url.startswith(BUCKET):
        return S3Store.from_url(url, retry_config=RETRIES)
    if "://" in url:
        raise ValueError("it is neither a folder nor a bucket")
    return LocalStore(Path(url).expanduser().absolute(), mkdir=True)


def first_line(error: Exception) -> str:
    """What went wrong, without what it consists of."""
    return next(iter(str(error).strip().splitlines()), "") or type(error).__name__
