"""Limits to what a file may hold, so that a small one does not take all memory.

    check_unpacked   of what is compressed: a bomb grows a thousand times, an export ten
    LineLengths      of lines, while a text goes by
    check_rows       of Parquet, by its footer

Raises SourceMismatch, which says the limit and how to go on.
"""

from store_uptime.pipeline.errors import SourceMismatch
from store_uptime.pipeline.source.folder.places import Place

MOST_TIMES = 250  # as large as the packed file
ALWAYS_ALLOWED = 256 << 20  # bytes, however small the packed file is
LONGEST_LINE = 16 << 20
ROW_BYTES = 48  # that a row of three columns takes in memory, at the least
# A row group of Parquet that is larger is read by PyArrow in batches: Polars decodes one at once.
LARGE_GROUP_ROWS, LARGE_GROUP_BYTES = 1 << 24, 2 << 30


def check_unpacked(place: Place, packed: int, unpacked: int) -> None:
    """Raises SourceMismatch for a file of `packed` bytes that has become too large at `unpacked` bytes."""
    if unpacked > ALWAYS_ALLOWED and unpacked > MOST_TIMES * packed:
        found = f"unpacked it is more than {MOST_TIMES} times as large, and more than {ALWAYS_ALLOWED >> 20} MiB"
        raise SourceMismatch(place.printable_name, found, "if it is meant to be, unpack it and read that")


def check_rows(place: Place, size: int, rows: int, unpacked: int) -> None:
    """Refuse a Parquet file of so many bytes by what its footer says of its rows and their bytes."""
    if max(unpacked, rows * ROW_BYTES) > max(ALWAYS_ALLOWED, MOST_TIMES * size):
        larger = f"more than {MOST_TIMES} times as large as the file, and more than {ALWAYS_ALLOWED >> 20} MiB"
        found = f"its rows ({rows:,}) are {larger}"
        raise SourceMismatch(place.printable_name, found, "if they are meant to be, write it without compression")


class LineLengths:
    """How long the lines of a text are that goes by in pieces."""

    def __init__(self, place: Place, line_end: str) -> None:
        self._place, self._end = place, line_end.encode()
        self._open = 0  # bytes of the line that has not ended yet

    def add(self, piece: bytes) -> None:
        """The next piece. Raises SourceMismatch."""
        first = piece.find(self._end)
        self._open += len(piece) if first < 0 else first
        if self._open > LONGEST_LINE:
            found = f"it has a line of more than {LONGEST_LINE >> 20} MiB"
            raise SourceMismatch(self._place.printable_name, found, "that is no row: export it again")
        if first >= 0:
            self._open = len(piece) - piece.rfind(self._end) - 1
