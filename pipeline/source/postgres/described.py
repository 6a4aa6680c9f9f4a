"""The tables of a database, under any name: which of them is most similar to one of ours."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from store_uptime.pipeline.mapping.likeness import PROBABLE, table_likeness
from store_uptime.pipeline.statements import statement
from store_uptime.pipeline.tables import Table


@dataclass(frozen=True)
class Described:
    """A table of a database: where it is, and its columns with their types.

    is_near: whether its name alone leads to it, for it is on the search path or in the schema that is read.
    """

    schema: str
    name: str
    is_near: bool
    types: dict[str, str]

    @property
    def mapped_name(self) -> str:
        """What a mapping calls it."""
        return self.name if self.is_near else f"{self.schema}.{self.name}"


def described_tables(connection: psycopg.Connection, schema: str | None) -> list[Described]:
    """Every table that may be read."""
    rows = connection.execute(statement(__package__, "all_tables"), {"schema": schema}).fetchall()
    return [
        Described(in_schema, name, is_on_search_path or schema is not None, dict(zip(columns, types, strict=True)))
        for in_schema, name, is_on_search_path, columns, types in rows
    ]


def likely_table(table: Table, every: Sequence[Described]) -> Described | None:
    """The table whose columns are most like those of one of ours; one of its very name if there is any like them."""

    def likeness(described: Described) -> tuple[bool, float]:
        return described.mapped_name == table, table_likeness(table, list(described.types))

    near = [described for described in every if table_likeness(table, list(described.types)) >= PROBABLE]
    return max(near, key=likeness, default=None)
