"""What `load` is measured against: the tables that it makes, and one COPY of rows that need no cleaning.

python benches/bare_copy.py URL FILE
"""

import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import LiteralString, cast

import psycopg
from psycopg.sql import SQL, Identifier

from store_uptime.pipeline.tables import COLUMNS

BLOCK = 1 << 20  # bytes


def main(url: str, file: Path) -> None:
    """Make the tables, copy, commit."""
    with psycopg.connect(url) as connection:
        connection.execute(creation())
        copy_into(connection, "store_status", COLUMNS["store_status"], file)


def creation() -> LiteralString:
    """The statements that make what is missing of the tables."""
    file = resources.files("store_uptime.pipeline").joinpath("load", "sql", "create_tables.sql")
    return cast("LiteralString", file.read_text(encoding="utf-8"))


def copy_into(connection: psycopg.Connection, table: str, columns: Sequence[str], file: Path) -> None:
    """A file's rows into a table, one COPY."""
    statement = SQL("copy {} ({}) from stdin (format csv)").format(
        Identifier(table), SQL(", ").join(map(Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy, file.open("rb") as rows:
        while block := rows.read(BLOCK):
            copy.write(block)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
