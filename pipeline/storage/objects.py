"""Objects of a bucket: listed, read in pieces, fetched into files.

objects_below   what a listing has below a prefix
objects_in      the same without what is further down
object_of       one object by its key
read_range      some bytes of an object
fetch           an object into a file

What is read is the object that was listed: each request names its etag, so that one that was replaced meanwhile is an
error and never a mixture.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from store_uptime.pipeline.errors import SourceBusy, SourceMissing, SourceRefused
from store_uptime.pipeline.storage.addresses import ObjectAddress, StoredObject
from store_uptime.pipeline.storage.stores import storage_errors, store_of
from store_uptime.pipeline.threads import in_threads

HEAD_BYTES = 1 << 12  # as much as tells what a file is
TAIL_BYTES = 1 << 16  # the end of a Parquet file: nearly every footer is in it
SMALL_BYTES = HEAD_BYTES + TAIL_BYTES
PIECE_BYTES = 4 << 20
PIECES_AT_ONCE = 4
KEPT_ENDS = 64  # as many as files are looked at at once, and some


def objects_below(prefix: ObjectAddress) -> list[StoredObject]:
    """The objects below a prefix, in the order of their keys' bytes. Raises what `storage_errors` raises."""
    store = store_of(prefix)
    with storage_errors(prefix):
        found = [stored(prefix, meta) for batch in store.list(prefix.key or None) for meta in batch]
    return sorted(found, key=lambda each: each.address.key.encode())


def objects_in(prefix: ObjectAddress) -> list[StoredObject]:
    """The objects right below a prefix, in the order of their keys' bytes. Raises what `storage_errors` raises."""
    store = store_of(prefix)
    with storage_errors(prefix):
        found = [stored(prefix, meta) for meta in store.list_with_delimiter(prefix.key or None)["objects"]]
    return sorted(found, key=lambda each: each.address.key.encode())


def object_of(address: ObjectAddress) -> StoredObject:
    """The object that has exactly this key. Raises SourceMissing, and what `storage_errors` raises."""
    store = store_of(address)
    with storage_errors(address):
        return stored(address, store.head(address.key))


def first_below(prefix: ObjectAddress) -> None:
    """Have some object below a prefix listed. Raises SourceMissing where there is none, and what `storage_errors`
    raises."""
    store = store_of(prefix)
    with storage_errors(prefix):
        some = next(iter(store.list(prefix.key or None, chunk_size=1)), None)
    if not some:
        object_of(prefix)


def check_bucket(address: ObjectAddress) -> None:
    """Raises SourceMissing where there is no such bucket: to ask for one object does not tell which of both is missing.

    Whoever may not list a bucket is not told.
    """
    with suppress(SourceRefused):
        objects_below(address)


def stored(near: ObjectAddress, meta: Any) -> StoredObject:
    return StoredObject(ObjectAddress(near.bucket, meta["path"]), meta["size"], meta["e_tag"], meta["version"])


def read_range(object: StoredObject, start: int, end: int) -> bytes:  # noqa: A002
    """The bytes from start up to, not including, end. Raises what `storage_errors` raises."""
    if start >= end:
        return b""
    store = store_of(object.address)
    options: Any = {"range": (start, end)}
    if object.etag is not None:
        options["if_match"] = object.etag
    with storage_errors(object.address):
        content = bytes(store.get(object.address.key, options=options).bytes())
    if len(content) != end - start:
        raise SourceBusy(str(object), "it was replaced while it was being read")
    return content


# The head and the tail of an object are looked at several times, by functions that know nothing of each other.
@lru_cache(KEPT_ENDS)
def _head(object: StoredObject) -> bytes:  # noqa: A002
    return read_range(object, 0, min(object.size, SMALL_BYTES if object.size <= SMALL_BYTES else HEAD_BYTES))


@lru_cache(KEPT_ENDS)
def _tail(object: StoredObject) -> bytes:  # noqa: A002
    return read_range(object, max(0, object.size - TAIL_BYTES), object.size)


class ObjectReader(io.RawIOBase):
    """An object as a file that is read: a request for each piece, and none for the head and the tail a second time."""

    def __init__(self, object: StoredObject) -> None:  # noqa: A002
        super().__init__()
        self._object, self._at = object, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._object.size}[whence]
        if start + offset < 0:
            raise OSError(22, "Invalid argument")  # as a file has it
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Some bytes, as many as fit; 0 at the end."""
        view = memoryview(buffer).cast("B")
        content = self._some(min(len(view), max(0, self._object.size - self._at)))
        view[: len(content)] = content
        self._at += len(content)
        return len(content)

    def _some(self, count: int) -> bytes:
        # Fewer than were asked for where that saves a request: whoever needs more asks again.
        start, end, size = self._at, self._at + count, self._object.size
        if start < HEAD_BYTES or size <= SMALL_BYTES:
            return _head(self._object)[start:end]
        if start >= size - TAIL_BYTES:
            tail = size - TAIL_BYTES
            return _tail(self._object)[start - tail : end - tail]
        return read_range(self._object, start, end)


def fetch(object: StoredObject, path: Path) -> None:  # noqa: A002
    """Write an object into a new file. Raises OSError, and what `storage_errors` raises."""
    with path.open("xb") as file:
        for content in pieces(object):
            file.write(content)


def pieces(object: StoredObject) -> Iterator[bytes]:  # noqa: A002
    """An object, some pieces at a time."""
    starts = range(0, object.size, PIECE_BYTES)
    for first in range(0, len(starts), PIECES_AT_ONCE):
        some = starts[first : first + PIECES_AT_ONCE]
        yield from in_threads(
            lambda start: read_range(object, start, min(start + PIECE_BYTES, object.size)), some, len(some)
        )


def check_unchanged(objects: Iterable[StoredObject]) -> None:
    """Whether objects are still those that were listed. Raises SourceBusy, which names one that is not.

    Whoever has read objects by another client, which does not compare etags, calls it afterwards.
    """
    by_bucket: dict[str, list[StoredObject]] = {}
    for each in objects:
        by_bucket.setdefault(each.address.bucket, []).append(each)
    for bucket, own in by_bucket.items():
        now = {each.address: each for each in listed_again(bucket, own)}
        for each in own:
            if each.address not in now:
                raise SourceBusy(str(each), "it was deleted while it was being read")
            if now[each.address] != each:
                raise SourceBusy(str(each), "it was replaced while it was being read")


def listed_again(bucket: str, objects: Sequence[StoredObject]) -> list[StoredObject]:
    if len(objects) == 1:
        try:
            return [object_of(objects[0].address)]
        except SourceMissing:
            return []
    return objects_below(ObjectAddress(bucket, common_folder([each.address.key for each in objects])))


def common_folder(keys: Sequence[str]) -> str:
    """The longest prefix of whole parts that keys have in common, without their last parts."""
    first, last = min(keys).split("/")[:-1], max(keys).split("/")[:-1]
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    return "/".join(first[:same])
