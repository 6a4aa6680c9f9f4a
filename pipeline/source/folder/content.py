"""What the first bytes of a file say that it is, whatever its name.

beginnings   the first bytes of a file, decompressed
foreign      why a file with such a beginning is not read, or None
is_cut_off   whether a compressed file ends before its content does
"""

import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from store_uptime.pipeline.source.folder.data_file import NotRead

FIRST_BYTES, MOST_BYTES = 1 << 12, 1 << 18
WIDEST_WINDOW = 1 << 27  # of zstd; libraries refuse more
PIECE_BYTES = 1 << 10  # they unpack to 32 MiB at most
PARQUET, ENCRYPTED_PARQUET = b"PAR1", b"PARE"
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
FIRST_LINE = re.compile(rb"[\r\n]")
MARKS: tuple[tuple[bytes, NotRead], ...] = (
    (b"\xff\xfe", NotRead.UTF_16),
    (b"\xfe\xff", NotRead.UTF_16),
    (b"version https://git-lfs", NotRead.LFS_POINTER),
    (ENCRYPTED_PARQUET, NotRead.ENCRYPTED),
    (b"age-encryption.org/", NotRead.ENCRYPTED),
    (b"-----BEGIN AGE ENCRYPTED", NotRead.ENCRYPTED),
    (b"-----BEGIN PGP MESSAGE", NotRead.ENCRYPTED),
    (b"PK\x03\x04", NotRead.ZIP),
    (b"PK\x05\x06", NotRead.ZIP),
    *((b"BZh%d1AY&SY" % level, NotRead.PACKED) for level in range(1, 10)),
    (b"\xfd7zXZ\0", NotRead.PACKED),
    (GZIP, NotRead.PACKED),  # twice: what is packed once has been unpacked by now
    (ZSTD, NotRead.PACKED),
    (b"7z\xbc\xaf\x27\x1c", NotRead.PACKED),
    (b"Rar!\x1a", NotRead.PACKED),
    (b"\x04\x22\x4d\x18", NotRead.PACKED),  # lz4
    (b"\xff\x06\0\0sNaPpY", NotRead.PACKED),
    (b"Obj\x01", NotRead.FORMAT),  # Avro
    (b"ARROW1\0\0", NotRead.FORMAT),
    (b"SQLite format 3\0", NotRead.FORMAT),
    (b"\xd0\xcf\x11\xe0", NotRead.FORMAT),  # XLS
    (b"%PDF-", NotRead.FORMAT),
    (b"<?xml", NotRead.FORMAT),
    (b"<html", NotRead.FORMAT),
    (b"<!DOCTYPE", NotRead.FORMAT),
)
"""How files begin that are not read. None of them is how a header begins that has a table's columns."""


class Stream(Protocol):
    """A compressed stream that is taken apart."""

    @property
    def eof(self) -> bool:
        """Whether it has ended."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What was given and lies behind its end."""
        ...

    def decompress(self, data: bytes, /) -> bytes:
        """What the next bytes hold."""
        ...


class CannotUnpack(Exception):
    """A compressed file cannot be unpacked, for a reason that is known."""

    def __init__(self, why: NotRead) -> None:
        super().__init__(why)
        self.why = why


def beginnings(path: Path) -> Iterator[tuple[bytes | None, bytes]]:
    """The first bytes of a file, decompressed: some, then more; each with the mark of how it is packed, or None.

    Raises OSError, zlib.error, ValueError, CannotUnpack.
    """
    with path.open("rb") as file:
        packed = file.read(FIRST_BYTES)
        mark = next((mark for mark in UNPACK if packed.startswith(mark)), None)
        is_all = len(packed) < FIRST_BYTES
        yield mark, unpacked(packed, mark, is_all=is_all)
        if not is_all:
            packed += file.read(MOST_BYTES - FIRST_BYTES)
            yield mark, unpacked(packed, mark, is_all=len(packed) < MOST_BYTES)


def unpacked(packed: bytes, mark: bytes | None, *, is_all: bool) -> bytes:
    """What stands in the first bytes of a file, at most `MOST_BYTES` of it."""
    if mark is None:
        return packed
    content = UNPACK[mark](packed)
    if not content and is_all and not is_whole_stream(iter([packed])):
        raise CannotUnpack(NotRead.CUT_OFF)
    return content


def unpacked_gzip(packed: bytes) -> bytes:
    """The same of gzip, which may be several streams end to end."""
    content = b""
    while packed.startswith(GZIP) and len(content) < MOST_BYTES:
        stream = zlib.decompressobj(wbits=31)
        content += stream.decompress(packed, MOST_BYTES - len(content))
        packed = stream.unused_data
    return content


def unpacked_zstd(packed: bytes) -> bytes:
    """The same of zstd. Raises ValueError, CannotUnpack."""
    import zstandard

    try:
        if zstandard.get_frame_parameters(packed).window_size > WIDEST_WINDOW:
            raise CannotUnpack(NotRead.WIDE_WINDOW)
        return zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True).read(MOST_BYTES)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from None


UNPACK: dict[bytes, Callable[[bytes], bytes]] = {GZIP: unpacked_gzip, ZSTD: unpacked_zstd}


def is_cut_off(path: Path) -> bool:
    """Whether a compressed file ends before its content does; other files are never said to."""
    with path.open("rb") as file:
        return not is_whole_stream(iter(lambda: file.read(PIECE_BYTES), b""))


def is_whole_stream(chunks: Iterator[bytes]) -> bool:
    """The same of a file that comes piece by piece, with several compressed streams end to end; damage is no cut."""
    stream, rest = None, b""
    for chunk in chunks:
        rest = chunk
        while rest:
            if stream is None:
                stream = opened_stream(rest)
            if stream is None:
                return True
            try:
                stream.decompress(rest)
            except Exception:  # zlib.error, ZstdError: damaged is not cut off
                return True
            rest = stream.unused_data if stream.eof else b""
            stream = None if stream.eof else stream
    return stream is None


def opened_stream(packed: bytes) -> Stream | None:
    """What takes a compressed stream apart, by how it begins."""
    if packed.startswith(GZIP):
        return zlib.decompressobj(wbits=31)
    if packed.startswith(ZSTD):
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj()
    return None


def foreign(content: bytes) -> NotRead | None:
    """Why a file that begins so is neither text nor Parquet, or None."""
    if not content:
        return NotRead.EMPTY
    if not any(content):
        return NotRead.BLANK
    for mark, why in MARKS:
        if content.startswith(mark):
            return why
    if b"\0" in FIRST_LINE.split(content, 1)[0]:  # a NUL further down is one bad row
        return NotRead.UTF_16 if is_wide(content) else NotRead.BINARY
    return NotRead.JSON if content.lstrip()[:1] in (b"{", b"[") else None


def is_wide(content: bytes) -> bool:
    """Whether every other byte of the beginning is NUL: UTF-16 without its mark."""
    first = content[:32]
    return not any(first[1::2]) or not any(first[::2])
