"""Where files are delivered to: folders, and buckets that speak S3, each under a name that the operator gives it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from store_uptime import pipeline
from store_uptime.service.concurrency.threads import Threads
from store_uptime.service.encryption import MAGIC
from store_uptime.service.errors import NoDestination, NotDelivered
from store_uptime.service.extras import DELIVERY

if TYPE_CHECKING:
    from obstore.store import ObjectStore

RETRIES = {
    "max_retries": 1,
    "retry_timeout": timedelta(seconds=20),
}  # later the dispatcher tries again
BUCKET = "s3://"
WRITES, WRITE_S = 8, 60.0  # a folder of another machine may hang


class Destination(Protocol):
    """A folder or a bucket."""

    async def put(self, name: str, content: bytes) -> None:
        """Have a file there, in whole or not at all. Raises NotDelivered."""


@dataclass(frozen=True)
class Folder:
    """A folder. A delivered file of the same name gives way, and nothing else."""

    path: Path
    threads: Threads = field(default_factory=lambda: Threads(WRITES), compare=False)
    """Of its own: where it hangs, the others get their files."""

    async def put(self, name: str, content: bytes) -> None:
        try:
            await self.threads.call(WRITE_S, self._written, name, content)
        except pipeline.CannotWrite as error:
            raise NotDelivered(error.reason) from None
        except OSError as error:
            raise NotDelivered(error.strerror or str(error)) from None

    def _written(self, name: str, content: bytes) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        pipeline.write_file(content, self.path / name, pipeline.Purpose("delivery", is_delivery))


def is_delivery(path: Path) -> bool:
    """Whether a file is a report that was delivered, encrypted or not. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC or pipeline.REPORT.is_ours(path)


@dataclass(frozen=True)
class Bucket:
    """A bucket. A file of the same name is replaced: not every bucket can check whether there is one."""

    store: "ObjectStore"

    async def put(self, name: str, content: bytes) -> None:
        import obstore
        from obstore.exceptions import BaseError

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
            found[name] = opened(url)
        except (OSError, ValueError) as error:
            raise NoDestination(text, first_line(error)) from None
    return found


def opened(url: str) -> Destination:
    """What is behind an address; a folder is made. Raises OSError, ValueError, ExtraMissing."""
    if url.startswith(BUCKET):
        return bucket(url)
    if "://" in url:
        raise ValueError("it is neither a folder nor a bucket")
    folder = Path(url).expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return Folder(folder)


def bucket(url: str) -> Bucket:
    """The bucket at an address, without a request to it. Raises ValueError, ExtraMissing."""
    with pipeline.provided_by(DELIVERY):
        from obstore.exceptions import BaseError
        from obstore.store import S3Store

    try:
        return Bucket(S3Store.from_url(url, retry_config=RETRIES))
    except BaseError as error:
        raise ValueError(first_line(error)) from None


def first_line(error: Exception) -> str:
    """What went wrong, without what it consists of."""
    return next(iter(str(error).strip().splitlines()), "") or type(error).__name__
