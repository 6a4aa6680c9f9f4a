"""Answers are compressed by Zstandard where the client takes it; else Litestar falls back to gzip."""

import re
from io import BytesIO
from typing import ClassVar

import zstandard
from litestar.config.compression import CompressionConfig
from litestar.enums import CompressionEncoding
from litestar.middleware.compression.facade import CompressionFacade

LEVEL = 3
REFUSED = re.compile(rb"[^,;]*;\s*q=0(\.0*)?\s*(,|$)")


def without_refused_codings(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers whose Accept-Encoding names only codings that the client takes."""
    # Litestar looks for a coding's name anywhere in the header, and would take `gzip;q=0`, which refuses it (RFC 9110,
    # section 12.4.2), for a wish.
    return [(name, REFUSED.sub(b"", value) if name.lower() == b"accept-encoding" else value) for name, value in headers]


class Zstandard(CompressionFacade):
    """A stream of RFC 8878."""

    encoding: ClassVar[str] = "zstd"

    def __init__(
        self, buffer: BytesIO, compression_encoding: CompressionEncoding | str, config: CompressionConfig
    ) -> None:
        self._buffer = buffer
        self._stream = zstandard.ZstdCompressor(level=LEVEL).compressobj()

    def write(self, body: bytes) -> None:
        """Take a part of an answer."""
        self._buffer.write(self._stream.compress(body))

    def close(self) -> None:
        """End the stream."""
        self._buffer.write(self._stream.flush())
