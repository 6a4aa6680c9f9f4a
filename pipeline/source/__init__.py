"""Where the three tables come from: `open_source` turns an address into a `Source`.

frames.py      frames that are there already, and the protocol itself
folder.py      a folder of CSV or Parquet, scanned lazily
postgres.py    tables in PostgreSQL, pulled by ConnectorX; also the embedded server
connection.py  one connection string for psycopg and ConnectorX
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import AddressNotUnderstood
from pipeline.mapping import AS_NAMED, SourceMapping
from pipeline.options import EMBEDDED

if TYPE_CHECKING:
    from pipeline.source.frames import Source


def open_source(
    address: str | Path,
    schema: str | None = None,
    application: str | None = None,
    mapping: SourceMapping = AS_NAMED,
) -> "Source":
    """The source at an address; nothing is read before it is entered with `with`, but for a folder's headers.

    address: `postgresql://…` or any libpq connection string (`host=… dbname=…`), `embedded:` (the server that this
    package starts), or a folder. schema: where the tables are, if not on the search path. application: the name of this
    run's connections on the server, at most 63 letters of ASCII; None: one that nobody else has. mapping: what the
    source calls tables, columns and statuses.
    Raises SourceMissing, AddressNotUnderstood, SourceMismatch.
    """
    text = str(address)
    if text == EMBEDDED:
        from pipeline.source.postgres import EmbeddedPostgres

        return EmbeddedPostgres(schema, application, mapping)
    if is_connection_string(text):
        from pipeline.source.postgres import Postgres

        return Postgres(text, schema, application, mapping)
    if "://" in text:
        raise AddressNotUnderstood(
            text.partition("://")[0] + "://…",
            "only postgresql:// addresses and folders can be read",
            "Name a folder, or a database of PostgreSQL.",
        )
    from pipeline.source.folder import folder

    return folder(Path(text), mapping)


def is_connection_string(text: str) -> bool:
    """Whether libpq would read it: a URL of PostgreSQL's, or `key=value` pairs that are not the name of a folder."""
    return text.startswith(("postgresql://", "postgres://")) or ("=" in text and not Path(text).exists())
