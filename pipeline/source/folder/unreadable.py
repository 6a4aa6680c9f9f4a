"""The first bytes of a file in, the reason why it is neither text nor Parquet out."""

import re

from store_uptime.pipeline.source.folder.content import GZIP, ZSTD
from store_uptime.pipeline.source.folder.data_file import NotRead

PARQUET, ENCRYPTED_PARQUET = b"PAR1", b"PARE"
FIRST_LINE = re.compile(rb"[\r\n]")
# None of these is how a header begins that has a table's columns.
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


def unreadable_reason(content: bytes) -> NotRead | None:
    """Why a file that begins so, unpacked, is not read; None where it is text or Parquet."""
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
