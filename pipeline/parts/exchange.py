"""Where objects lie between two passes: a folder, or a bucket of object storage.

An object appears completely or not at all, and is never changed. Nobody looks for objects: names are told, so that
what a task has left that was done twice is not read.
"""

import shutil
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple, Protocol

from store_uptime.pipeline.errors import ExchangeNotShared, SourceMissing, writing
from store_uptime.pipeline.storage.addresses import ObjectAddress, files_at
from store_uptime.pipeline.storage.objects import objects_below
from store_uptime.pipeline.storage.stores import storage_errors, store_of
from store_uptime.pipeline.targets import writing_object
from store_uptime.pipeline.text import printable

FETCHED_AT_ONCE = 8
"""Requests to a bucket: one takes as long as a hundred looks into a file."""


class Stretch(NamedTuple):
    """Some bytes of an object."""

    start: int
    length: int


class Exchange(Protocol):
    """A place for objects."""

    def put(self, name: str, content: bytes) -> None:
        """Have an object. Raises CannotWrite."""
        ...

    def discard(self, name: str) -> None:
        """Have an object no more, which need not exist. Raises CannotWrite."""
        ...

    def get(self, name: str, stretch: Stretch | None = None) -> bytes:
        """An object, or some of its bytes. Raises SourceMissing."""
        ...

    def names(self, folder: str) -> list[str]:
        """The objects of a folder, which need not exist."""
        ...

    def remove(self, folder: str) -> None:
        """Remove all objects of a folder."""
        ...


def attempt_name(folder: str, number: int) -> str:
    """A name for what a task leaves; each attempt has its own."""
    return f"{folder}/{number:06}-{token_hex(6)}"


def exchange_of_run(address: str, run: str) -> Exchange:
    """The exchange as a task meets it: one that has its run. Raises ExchangeNotShared.

    A worker may have another folder of this path. Or it was silent for so long that the run is over without it, and
    nobody would remove what it leaves.
    """
    exchange = exchange_at(address)
    try:
        exchange.get(start_name(run))
    except SourceMissing as error:
        raise ExchangeNotShared(address, socket.gethostname()) from error
    return exchange


def start_name(run: str) -> str:
    """The object with which a run starts."""
    return f"{run}/start/start"


class Pieces:
    """The content of one object, piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    def add(self, piece: bytes) -> Stretch:
        """Where a further piece lies."""
        self._pieces.append(piece)
        stretch = Stretch(self._length, len(piece))
        self._length += len(piece)
        return stretch

    def content(self) -> bytes:
        """All pieces."""
        return b"".join(self._pieces)


@dataclass(frozen=True)
class FolderExchange:
    """A folder, which everybody who does a task must reach under the same path."""

    path: Path

    def put(self, name: str, content: bytes) -> None:
        """See `Exchange`."""
        target = self.path / name
        with writing(self.path):
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{target.name}-{token_hex(6)}")
            try:
                part.write_bytes(content)
                part.replace(target)
            except OSError:
                part.unlink(missing_ok=True)  # a disk that is full needs the room
                raise

    def discard(self, name: str) -> None:
        """See `Exchange`."""
        with writing(self.path):
            (self.path / name).unlink(missing_ok=True)

    def get(self, name: str, stretch: Stretch | None = None) -> bytes:
        """See `Exchange`."""
        try:
            with (self.path / name).open("rb") as file:
                if stretch is None:
                    return file.read()
                file.seek(stretch.start)
                return file.read(stretch.length)
        except OSError as error:
            raise SourceMissing(printable(self.path / name), error.strerror or str(error)) from error

    def names(self, folder: str) -> list[str]:
        """See `Exchange`."""
        with writing(self.path):
            found = sorted((self.path / folder).glob("[!.]*"))
        return [f"{folder}/{path.name}" for path in found]

    def remove(self, folder: str) -> None:
        """See `Exchange`."""
        shutil.rmtree(self.path / folder, ignore_errors=True)


@dataclass(frozen=True)
class BucketExchange:
    """A prefix in a bucket."""

    prefix: ObjectAddress

    def put(self, name: str, content: bytes) -> None:
        """See `Exchange`."""
        address = self.prefix.below(name)
        with writing_object(self.prefix), storage_errors(address):
            store_of(address).put(address.key, content)

    def discard(self, name: str) -> None:
        """See `Exchange`."""
        address = self.prefix.below(name)
        with writing_object(self.prefix), storage_errors(address), suppress(FileNotFoundError):
            store_of(address).delete(address.key)

    def get(self, name: str, stretch: Stretch | None = None) -> bytes:
        """See `Exchange`."""
        address = self.prefix.below(name)
        with storage_errors(address):
            store = store_of(address)
            if stretch is None:
                return bytes(store.get(address.key).bytes())
            return bytes(store.get_range(address.key, start=stretch.start, length=stretch.length))

    def names(self, folder: str) -> list[str]:
        """See `Exchange`."""
        below = objects_below(self.prefix.below(folder))
        return [f"{folder}/{found.address.name}" for found in below]

    def remove(self, folder: str) -> None:
        """See `Exchange`."""
        below = self.prefix.below(folder)
        with storage_errors(below):
            store_of(below).delete([found.address.key for found in objects_below(below)])


def exchange_at(address: str) -> Exchange:
    """The exchange at an address: a folder, or a prefix in a bucket. Raises AddressNotUnderstood."""
    found = files_at(address)
    return FolderExchange(found) if isinstance(found, Path) else BucketExchange(found)
