"""The content of a file, unpacked where it is compressed by gzip or zstd, whatever its name.

open_content   the whole file as a stream
first_bytes    its beginning
is_cut_off     whether a compressed file ends before its content does
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol, cast

from store_uptime.pipeline.source.folder.data_file import NotRead
from store_uptime.pipeline.source.folder.places import Place

FIRST_BYTES, MOST_BYTES = 1 << 12, 1 << 18
WIDEST_WINDOW = 1 << 27  # of zstd; libraries refuse more
PIECE_BYTES = 1 << 10  # they unpack to 32 MiB at most
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class Stream(Protocol):
    """A compressed stream that is being unpacked."""

    @property
    def eof(self) -> bool:
        """Whether it has ended."""
        ...

    @property
    def unused_data(self) -> bytes:
        """The bytes after its end."""
        ...

    def decompress(self, data: bytes, /) -> bytes:
        """The content of the next bytes."""
        ...


class CannotUnpack(Exception):
    """A compressed file cannot be unpacked, for a reason that is known."""

    def __init__(self, why: NotRead) -> None:
        super().__init__(why)
        self.why = why


@contextmanager
def open_content(place: Place) -> Iterator[BinaryIO]:
    """A file, unpacked. Raises OSError; reading it may raise EOFError, zlib.error, ValueError."""
    with place.open() as file:
        mark = file.read(4)
        file.seek(0)
        if mark.startswith(GZIP):
            yield cast("BinaryIO", gzip.GzipFile(fileobj=file))
        elif mark.startswith(ZSTD):
            yield from zstd_content(file)
        else:
            yield file


def zstd_content(file: BinaryIO) -> Iterator[BinaryIO]:
    import zstandard

    try:
        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        # Buffered: the reader of zstandard has no lines of its own.
        yield io.BufferedReader(cast("io.RawIOBase", stream))
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from None


def first_bytes(place: Place) -> Iterator[tuple[bytes | None, bytes]]:
    """The first bytes of a file, unpacked: some, then more; each with the mark of how it is packed, or None.

    Raises OSError, zlib.error, ValueError, CannotUnpack.
    """
    with place.open() as file:
        packed = file.read(FIRST_BYTES)
        mark = next((mark for mark in UNPACK if packed.startswith(mark)), None)
        yield mark, unpack(packed, mark, FIRST_BYTES)
        if len(packed) == FIRST_BYTES:
            packed += file.read(MOST_BYTES - FIRST_BYTES)
            yield mark, unpack(packed, mark, MOST_BYTES)


def unpack(packed: bytes, mark: bytes | None, most: int) -> bytes:
    """What the first bytes of a file hold, `most` of them or all that there are. Raises CannotUnpack."""
    if mark is None:
        return packed
    content = UNPACK[mark](packed)
    is_whole_file = len(packed) < most
    # Without content it is an empty file if the stream has ended, and a copy that broke off if not.
    if not content and is_whole_file and not is_whole_stream(iter([packed])):
        raise CannotUnpack(NotRead.CUT_OFF)
    return content


def first_of_gzip(packed: bytes) -> bytes:
    # Not gzip.GzipFile: it raises EOFError where the packed bytes end within a block, as a beginning does.
    content = b""
    while packed.startswith(GZIP) and len(content) < MOST_BYTES:  # a file may be several streams end to end
        stream = zlib.decompressobj(wbits=31)
        content += stream.decompress(packed, MOST_BYTES - len(content))
        packed = stream.unused_data
    return content


def first_of_zstd(packed: bytes) -> bytes:
    """Raises ValueError, CannotUnpack."""
    import zstandard

    try:
        if zstandard.get_frame_parameters(packed).window_size > WIDEST_WINDOW:
            raise CannotUnpack(NotRead.WIDE_WINDOW)
        return zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True).read(MOST_BYTES)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from None


UNPACK: dict[bytes, Callable[[bytes], bytes]] = {GZIP: first_of_gzip, ZSTD: first_of_zstd}


def is_cut_off(place: Place) -> bool:
    """Whether a compressed file ends before its content does; False for a damaged one, and for any other."""
    with place.open() as file:
        return not is_whole_stream(iter(lambda: file.read(PIECE_BYTES), b""))


def is_whole_stream(chunks: Iterator[bytes]) -> bool:
    """Whether streams end to end, which come piece by piece, end with the last piece, or are damaged."""
    stream: Stream | None = None
    for chunk in chunks:
        try:
            stream = after_chunk(stream, chunk)
        except Exception:  # zlib.error, ZstdError, NotPacked: damaged is not cut off
            return True
    return stream is None


class NotPacked(Exception):
    """Bytes begin neither as gzip nor as zstd."""


def after_chunk(stream: Stream | None, chunk: bytes) -> Stream | None:
    """The stream that is still open after further bytes; None: the last one has ended with them."""
    while chunk:
        stream = stream or new_stream(chunk)
        stream.decompress(chunk)
        chunk = stream.unused_data if stream.eof else b""
        stream = None if stream.eof else stream
    return stream


def new_stream(packed: bytes) -> Stream:
    if packed.startswith(GZIP):
        return zlib.decompressobj(wbits=31)
    if packed.startswith(ZSTD):
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj()
    raise NotPacked
