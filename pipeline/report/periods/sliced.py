"""Tables that are made piece by piece: of millions of rows only some are ever written out at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

ROWS_OF_A_PIECE = 100_800
"""A multiple of the cells of a profile."""


@dataclass(frozen=True)
class SlicedTable:
    """rows: how many there are. pieces: the table in pieces, at least one: an empty table has columns, too."""

    rows: int
    pieces: Callable[[], Iterator[pl.DataFrame]]

    def changed(self, change: Callable[[pl.DataFrame], pl.DataFrame]) -> "SlicedTable":
        """The same with each piece changed."""
        return SlicedTable(self.rows, lambda: map(change, self.pieces()))


def sliced_by(rows: int, piece: Callable[[int, int], pl.DataFrame]) -> SlicedTable:
    """A table of rows that can be made from any one on. piece: those from a first one on, so many at most."""
    return SlicedTable(
        rows, lambda: (piece(first, ROWS_OF_A_PIECE) for first in range(0, max(1, rows), ROWS_OF_A_PIECE))
    )


def sliced(table: pl.DataFrame) -> SlicedTable:
    """A table that is there as a whole."""
    return sliced_by(table.height, table.slice)
