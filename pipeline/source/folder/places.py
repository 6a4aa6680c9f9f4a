"""Where a file is: on a disk, or in a bucket. A place is a small value that other processes can be told.

LocalFile     a path
StoredFile    an object, as it was listed
FetchedFile   a copy of an object on the disk, which errors name by the object
"""

from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path, PurePath, PurePosixPath
from typing import BinaryIO, Protocol, cast

from store_uptime.pipeline.errors import SourceMissing, StoreUptimeError
from store_uptime.pipeline.storage.addresses import ObjectAddress, StoredObject
from store_uptime.pipeline.text import printable

READ_BYTES = 1 << 20


class Place(Protocol):
    """Where a file is."""

    @property
    def address(self) -> str:
        """What Polars opens it by, and what it calls it in `include_file_paths`."""
        ...

    @property
    def printable_name(self) -> str:
        """Its name for people, in errors: printable, and without a secret."""
        ...

    @property
    def path(self) -> PurePath:
        """Its path: on the disk, or within its bucket."""
        ...

    @property
    def target(self) -> Path | ObjectAddress:
        """What must not be written while it is read."""
        ...

    def open(self) -> BinaryIO:
        """Its bytes, to be read from any of them on. Raises OSError, and of an object what `storage` raises."""
        ...

    def measured(self) -> int:
        """How many bytes it has. Raises OSError."""
        ...

    def error_of(self, error: OSError) -> StoreUptimeError:
        """The error of ours for one that was met when it was read."""
        ...


@dataclass(frozen=True)
class LocalFile:
    """A file on the disk. path: absolute."""

    path: Path

    @property
    def address(self) -> str:
        """See `Place`."""
        return str(self.path)

    @property
    def printable_name(self) -> str:
        """See `Place`."""
        return printable(self.path)

    @property
    def target(self) -> Path:
        """See `Place`."""
        return self.path

    def open(self) -> BinaryIO:
        """See `Place`."""
        return self.path.open("rb")

    def measured(self) -> int:
        """See `Place`."""
        return self.path.stat().st_size

    def error_of(self, error: OSError) -> StoreUptimeError:
        """See `Place`."""
        return SourceMissing(self.printable_name, error.strerror or str(error))


@dataclass(frozen=True)
class StoredFile:
    """An object, as it was listed."""

    object: StoredObject

    @property
    def address(self) -> str:
        """See `Place`."""
        return str(self.object)

    @property
    def printable_name(self) -> str:
        """See `Place`."""
        return printable(self.address)

    @property
    def path(self) -> PurePosixPath:
        """See `Place`."""
        return PurePosixPath(self.object.address.key)

    @property
    def target(self) -> ObjectAddress:
        """See `Place`."""
        return self.object.address

    def open(self) -> BinaryIO:
        """See `Place`."""
        from store_uptime.pipeline.storage.objects import ObjectReader

        return cast("BinaryIO", BufferedReader(ObjectReader(self.object), READ_BYTES))

    def measured(self) -> int:
        """See `Place`."""
        return self.object.size

    def error_of(self, error: OSError) -> StoreUptimeError:
        """See `Place`."""
        from store_uptime.pipeline.storage.stores import as_ours

        return as_ours(error, self.object.address)


@dataclass(frozen=True)
class FetchedFile(LocalFile):
    """A copy of an object, for as long as it is read."""

    original: StoredFile

    @property
    def printable_name(self) -> str:
        """See `Place`."""
        return self.original.printable_name
