"""A table that is made piece by piece: of millions of rows only some are ever written out at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

ROWS_OF_A_PIECE = 100_800
"""A multiple of the cells of a profile."""


@dataclass(frozen=True)
class SlicedTable:
    """rows: how many there are. piece: some of them as they are written, from a first one on, so many at most."""

    rows: int
    piece: Callable[[int, int], pl.DataFrame]

    def pieces(self, rows: int = ROWS_OF_A_PIECE) -> Iterator[pl.DataFrame]:
        """The table in pieces, at least one: an empty table has columns, too."""
        for first in range(0, max(1, self.rows), rows):
            yield self.piece(first, rows)


def sliced(table: pl.DataFrame) -> SlicedTable:
    """A table that is there as a whole."""
    return SlicedTable(table.height, table.slice)
