"""Files of polls in, the bounds of ranges of store ids out: quantiles of the ids of random rows.

Random, since files have an order of their own: every n-th stretch of rows has met the same stores again and again.
"""

import io
import random
from collections.abc import Iterator, Sequence

import polars as pl

from store_uptime.pipeline.clean.ids import with_text_id
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.parts.groups import row_count
from store_uptime.pipeline.source.folder.content import first_bytes
from store_uptime.pipeline.source.folder.data_file import DataFile, Kind
from store_uptime.pipeline.source.folder.folder import scan

LOOKS, ROWS_OF_A_LOOK, BYTES_OF_A_LOOK = 24, 50_000, 1 << 20
ID = "store_id"


def bounds(files: Sequence[DataFile], polls_of_a_part: int, mapping: SourceMapping, seed: str) -> tuple[str, ...]:
    """The ids at which ranges of about as many polls begin, but for the first. seed: the same gives the same bounds."""
    number = ranges_wanted(files, polls_of_a_part)
    if number < 2:
        return ()
    chance = random.Random(seed)  # noqa: S311
    chosen = chance.choices(files, weights=[1 + row_count(file) for file in files], k=LOOKS)
    ids = pl.concat(some_ids(file, mapping, chance) for file in chosen).drop_nulls().sort()
    if ids.is_empty():
        return ()
    found = ids.gather([place * ids.len() // number for place in range(1, number)]).unique().sort().to_list()
    return tuple(found)


def ranges_wanted(files: Sequence[DataFile], polls_of_a_part: int) -> int:
    """How many ranges there would be if each had as many polls; one at least."""
    return max(1, -(-sum(map(row_count, files)) // max(1, polls_of_a_part)))


def some_ids(file: DataFile, mapping: SourceMapping, chance: random.Random) -> pl.Series:
    """The ids of some rows of a file, which begin at a random one. Raises READ_ERRORS."""
    name = (file.columns("store_status", mapping) or {})[ID]
    if name not in file.header:
        return pl.Series(ID, [file.partitions[name]], pl.String)
    if file.kind is Kind.TEXT:
        return ids_of_text(file, file.header.index(name), chance)
    (raw,) = scan([file], "store_status", mapping)
    first = chance.randrange(max(1, row_count(file) - ROWS_OF_A_LOOK))
    return with_text_id(raw, raw.collect_schema()).slice(first, ROWS_OF_A_LOOK).select(ID).collect().to_series()


def ids_of_text(file: DataFile, column: int, chance: random.Random) -> pl.Series:
    # A row that is cut, or within quotes, gives an id that nobody has: one bound more or less, and no wrong figure.
    table = pl.read_csv(
        io.BytesIO(b"".join(piece_of_text(file, chance))),
        has_header=False,
        separator=file.delimiter,
        eol_char=file.line_end,
        schema=dict.fromkeys(map(str, range(len(file.header))), pl.String()),
        quote_char=None,
        missing_columns="insert",
        extra_columns="ignore",
        truncate_ragged_lines=True,
        ignore_errors=True,
        encoding="utf8-lossy",
        raise_if_empty=False,
    )
    return table.to_series(column).str.strip_chars('"').alias(ID)


def piece_of_text(file: DataFile, chance: random.Random) -> Iterator[bytes]:
    """Some whole lines; of a compressed file its first ones."""
    packed, content = list(first_bytes(file.place))[-1]
    if packed is None:
        with file.place.open() as text:
            end = text.seek(0, 2)
            text.seek(chance.randrange(max(1, end - BYTES_OF_A_LOOK)))
            content = text.read(BYTES_OF_A_LOOK)
    yield content.partition(file.line_end.encode())[2]
