"""What `load` is measured against: the tables that it makes, and one COPY of rows that need no cleaning.

python benches/bare_copy.py URL FILE
"""

import sys
from importlib import resources
from pathlib import Path
from typing import LiteralString, cast

import psycopg

BLOCK = 1 << 20  # bytes


def main(url: str, file: Path) -> None:
    """Make the tables, copy, commit."""
    tables = resources.files("store_uptime.pipeline").joinpath("load", "sql", "tables.sql").read_text(encoding="utf-8")
    with psycopg.connect(url) as connection, connection.cursor() as cursor, file.open("rb") as rows:
        cursor.execute(cast("LiteralString", tables))
        with cursor.copy("copy store_status (store_id, timestamp_utc, status) from stdin (format csv)") as polls:
            while block := rows.read(BLOCK):
                polls.write(block)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
