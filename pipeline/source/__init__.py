"""Where the three tables come from: `open_source` turns an address into a `Source`.

protocol.py       what a source is
frames.py         frames that are there already
folder.py         a folder of text or Parquet, scanned lazily
discovery.py      which files a folder has, and which table each one is
content.py        what the first bytes of a file say; own_files.py: what this program has written itself
files.py          what is known of a file before it is read; paths.py: names of files and folders
text_files.py     header and rows of text; parquet_files.py: of Parquet; partitions.py: columns in names of folders
postgres.py       tables in PostgreSQL, pulled by ConnectorX; embedded.py: in the server that this package starts
session.py        one state of a database, and the pulls that see it; database_tables.py: our tables in it
poll_tables.py    its polls, by how their times are kept; described.py: all its tables, whatever they are called
locks.py          a transaction in which the tables stay as they are; pulls.py: results of statements as Arrow
patience.py       how long anything is waited for
connection.py     one connection string for psycopg and ConnectorX
"""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from store_uptime.pipeline.errors import AddressNotUnderstood, SourceMissing
from store_uptime.pipeline.logs import logger_of
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.options import EMBEDDED
from store_uptime.pipeline.text import printable

if TYPE_CHECKING:
    from store_uptime.pipeline.source.protocol import Source

log = logger_of(__name__)
URLS = ("postgresql://", "postgres://")


def open_source(
    address: str | Path,
    schema: str | None = None,
    application: str | None = None,
    mapping: SourceMapping = AS_NAMED,
    patience: timedelta | None = None,
) -> "Source":
    """The source at an address; nothing is read before it is opened with `opened`, but a folder's files are
    looked through.

    address: `postgresql://…` or any libpq connection string (`host=… dbname=…`), `embedded:` (the server that this
    package starts), or a folder. schema: where the tables are, if not on the search path. application: the name of this
    run's connections on the server, at most 63 letters of ASCII; None: one that nobody else has. mapping: what the
    source calls tables, columns and statuses. patience: how long each wait for a database may last, for a look that
    somebody waits for; None: as long as a run takes.
    Raises SourceMissing, AddressNotUnderstood, SourceMismatch.
    """
    text = str(address)
    if not text.strip():  # as a path it would be the folder that this process is in
        raise AddressNotUnderstood("the source", "its address is empty", "Name a folder, or a database of PostgreSQL.")
    if isinstance(address, Path) or (not is_database(text) and is_path(text)):
        from store_uptime.pipeline.source.folder.folder import folder

        return folder(Path(address), mapping)
    if text == EMBEDDED:
        from store_uptime.pipeline.source.postgres.embedded import EmbeddedPostgres

        return EmbeddedPostgres(schema, application, mapping, patience)
    if is_connection_string(text):
        from store_uptime.pipeline.source.postgres.postgres import Postgres

        return Postgres(text, schema, application, mapping, patience)
    if "://" in text:
        raise AddressNotUnderstood(
            text.partition("://")[0] + "://…",
            "only postgresql:// addresses and folders can be read",
            "Name a folder, or a database of PostgreSQL.",
        )
    raise SourceMissing(printable(text), "there is no such folder or file")


def as_source(source: "Source | str | Path") -> "Source":
    """A source, or the one at an address. Raises what `open_source` raises."""
    if not isinstance(source, str | Path):
        return source
    opened = open_source(source)
    log.debug("opened %s", opened.name)  # and not the address: there may be a password in it
    return opened


def is_database(text: str) -> bool:
    """Whether an address means a database whatever there is in the file system: a URL of PostgreSQL's, `embedded:`."""
    return text == EMBEDDED or text.startswith(URLS)


def is_path(text: str) -> bool:
    """Whether a folder or a file has this name."""
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # too long, or with a NUL
        return False


def is_connection_string(text: str) -> bool:
    """Whether libpq would read it: a URL of PostgreSQL's, or `key=value` pairs that are not the name of a folder."""
    return text.startswith(URLS) or ("=" in text and not is_path(text))
