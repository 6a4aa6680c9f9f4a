"""Zstandard for answers, where the client takes it; else Litestar falls back to gzip."""

from io import BytesIO
from typing import Any, ClassVar

import zstandard
from litestar.middleware.compression.facade import CompressionFacade

LEVEL = 3


class Zstandard(CompressionFacade):
    """A stream of RFC 8878."""

    encoding: ClassVar[str] = "zstd"

    def __init__(self, buffer: BytesIO, compression_encoding: str, config: Any) -> None:
        self._buffer = buffer
        self._stream = zstandard.ZstdCompressor(level=LEVEL).compressobj()

    def write(self, body: bytes) -> None:
        """Take a part of an answer."""
        self._buffer.write(self._stream.compress(body))

    def close(self) -> None:
        """End the stream."""
        self._buffer.write(self._stream.flush())
