"""The end of a Parquet file in, what it says of columns and rows out, without PyArrow, whose import takes long.

footer     rows and sizes, what is uncommon in it, and the span of each column of times
has_end    whether the file ends as a Parquet file does

The numbers are those of the fields in https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from store_uptime.pipeline.source.folder.data_file import Instant, Unit
from store_uptime.pipeline.source.folder.own_files import MARK
from store_uptime.pipeline.source.folder.places import Place
from store_uptime.pipeline.source.folder.sizes import LARGE_GROUP_BYTES, LARGE_GROUP_ROWS
from store_uptime.pipeline.source.folder.thrift import Damaged, Struct, read_struct
from store_uptime.pipeline.source.folder.unreadable import PARQUET

TAIL_BYTES = 8  # the length of the footer, and the mark
SCHEMA, ROWS, GROUPS, PROPERTIES = 2, 3, 4, 5
KEY, VALUE = 1, 2  # of a property
ARROW_SCHEMA = b"ARROW:schema"  # a property by which readers of Arrow tell types that Parquet does not have
TYPE, LENGTH, REPETITION, NAME, CHILDREN, CONVERTED, LOGICAL = 1, 2, 3, 4, 5, 6, 10  # of a column in the schema
COLUMNS, GROUP_BYTES, GROUP_ROWS = 1, 2, 3  # of a row group
PART = 3  # of a column in a row group: what follows
PATH, VALUES, STATISTICS = 3, 5, 12
NULLS, MAXIMUM, MINIMUM = 3, 5, 6  # of statistics
REQUIRED = 0
INT64, INTERVAL, TIMESTAMP, UUID, UNIT = 2, 21, 8, 14, 2
UUID_BYTES = 16
UNITS: dict[int, Unit] = {1: "ms", 2: "us", 3: "ns"}
CONVERTED_UNITS: dict[int | None, Unit] = {9: "ms", 10: "us"}  # in older files
MALFORMED = (LookupError, TypeError, AttributeError, ValueError)
"""What is raised where a footer holds one thing in place of another."""


@dataclass(frozen=True)
class Footer:
    """What the end of a Parquet file says.

    schema: all that the columns' types follow from. rows, unpacked: how many rows it has, and of how many bytes they
    are unpacked. group_rows: the rows of each row group; is_consistent: they are as many as the file says.
    for_polars: whether Polars may be asked to read it. uuids: the columns that are UUIDs. minima, maxima, nulls: of
    each column of times, as far as that is known: the least and the greatest instant, and how many are missing.
    """

    schema: str
    rows: int
    unpacked: int
    is_ours: bool
    for_polars: bool
    uuids: frozenset[str]
    group_rows: tuple[int, ...]
    is_consistent: bool
    minima: dict[str, Instant]
    maxima: dict[str, Instant]
    nulls: dict[str, int]


def has_end(place: Place) -> bool:
    """Whether the file ends as a Parquet file does. Raises OSError."""
    with place.open() as file:
        file.seek(-len(PARQUET), 2)
        return file.read() == PARQUET


def footer(place: Place) -> Footer:
    """The footer of a file that has its end. Raises OSError, Damaged."""
    try:
        fields = read_struct(footer_bytes(place))
        schema, groups = fields[SCHEMA], fields[GROUPS]
        properties = {pair[KEY]: pair.get(VALUE) for pair in fields.get(PROPERTIES, ())}
        columns = list(top_columns(schema[1:]))
        group_rows = tuple(group[GROUP_ROWS] for group in groups)
        times = times_of(columns, groups)
        return Footer(
            schema=repr((schema, properties.get(ARROW_SCHEMA))),
            rows=max(fields[ROWS], sum(group_rows)),
            unpacked=sum(group[GROUP_BYTES] for group in groups),
            is_ours=MARK.encode() in properties,
            for_polars=not any(map(is_odd, schema)) and not any(map(is_large, groups)),
            uuids=frozenset(name_of(column) for column in columns if UUID in column.get(LOGICAL, {})),
            group_rows=group_rows,
            is_consistent=fields[ROWS] == sum(group_rows),
            minima={name: each.minimum for name, each in times.items() if each.minimum is not None},
            maxima={name: each.maximum for name, each in times.items() if each.maximum is not None},
            nulls={name: each.nulls for name, each in times.items() if each.nulls is not None},
        )
    except MALFORMED as error:
        raise Damaged("its end, where a Parquet file says what it holds, cannot be read") from error


def footer_bytes(place: Place) -> bytes:
    with place.open() as file:
        end = file.seek(-TAIL_BYTES, 2)
        length = int.from_bytes(file.read(4), "little")
        if length > end:
            raise Damaged("its end is longer than the file")
        file.seek(end - length)
        return file.read(length)


def is_odd(column: Struct) -> bool:
    """Whether a column makes its file one for PyArrow."""
    # Polars panics at an INTERVAL, whether or not that column is needed: https://github.com/pola-rs/polars/issues/15969.
    # Sixteen bytes are a UUID of PyArrow's before version 21, where its own schema says so, which only PyArrow reads.
    is_bare = column.get(LENGTH) == UUID_BYTES and LOGICAL not in column and CONVERTED not in column
    return column.get(CONVERTED) == INTERVAL or is_bare


def is_large(group: Struct) -> bool:
    """Whether a row group is too large for Polars, which decodes it at once; PyArrow reads some rows at a time."""
    return group[GROUP_ROWS] > LARGE_GROUP_ROWS or group[GROUP_BYTES] > LARGE_GROUP_BYTES


def top_columns(schema: Sequence[Struct]) -> Iterator[Struct]:
    """The columns of a schema without those within others: each is followed by its own."""
    within = 0
    for column in schema:
        if not within:
            yield column
        within += column.get(CHILDREN, 0) - (within > 0)


def name_of(column: Struct) -> str:
    return column[NAME].decode()


class Times(NamedTuple):
    """A column of times: its least and its greatest instant, and how many are missing; None: that is not known."""

    minimum: Instant | None
    maximum: Instant | None
    nulls: int | None


def times_of(columns: Sequence[Struct], groups: Sequence[Struct]) -> dict[str, Times]:
    """The columns of times, by their statistics in every row group."""
    typed = {name_of(column): (column, unit) for column in columns if (unit := unit_of(column))}
    parts: dict[str, list[Struct]] = {name: [] for name in typed}
    for part in (column.get(PART, {PATH: []}) for group in groups for column in group[COLUMNS]):
        path = [name.decode() for name in part[PATH]]
        if len(path) == 1 and path[0] in parts:
            parts[path[0]].append(part)
    # A part is missing where it is encrypted.
    return {
        name: Times(
            extreme(min, MINIMUM, parts[name], unit),
            extreme(max, MAXIMUM, parts[name], unit),
            nulls_in(parts[name], column),
        )
        for name, (column, unit) in typed.items()
        if len(parts[name]) == len(groups)
    }


def unit_of(column: Struct) -> Unit | None:
    """The unit of a column of times; None for any other."""
    if column.get(TYPE) != INT64:  # the older INT96 has no statistics that hold
        return None
    if LOGICAL not in column:
        return CONVERTED_UNITS.get(column.get(CONVERTED))
    timestamp = column[LOGICAL].get(TIMESTAMP)
    return timestamp and UNITS[next(iter(timestamp[UNIT]))]


def extreme(choose: Callable[[Iterable[int]], int], field: int, parts: Sequence[Struct], unit: Unit) -> Instant | None:
    """The least or the greatest value in all row groups; None where one does not tell, or where no group has any."""
    filled = [part for part in parts if part.get(STATISTICS, {}).get(NULLS, 0) < part[VALUES]]
    values = [part.get(STATISTICS, {}).get(field) for part in filled]
    if not values or None in values:
        return None
    return Instant(choose(int.from_bytes(value, "little", signed=True) for value in values), unit)


def nulls_in(parts: Sequence[Struct], column: Struct) -> int | None:
    """How many values are missing in all row groups; None where one does not tell."""
    if column.get(REPETITION) == REQUIRED:
        return 0
    counts = [part.get(STATISTICS, {}).get(NULLS) for part in parts]
    return None if None in counts else sum(counts)
