"""An address in, a `Source` of the three tables out.

open_source   the source at an address
as_source     the same, unless it is a source already
reads_files   whether an address is one of files
visit_files   whether they can be reached

protocol.py   what every source has
frames.py     tables that are frames in memory
folder/       a folder of text or Parquet files, scanned lazily
postgres/     tables in a database, or in the server that this package starts
"""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from store_uptime.pipeline.errors import AddressNotUnderstood, SourceMissing
from store_uptime.pipeline.logs import logger_of
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.options import EMBEDDED
from store_uptime.pipeline.storage.addresses import files_at, is_file_url, is_path, is_stored
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
    """The source at an address. It is read once it is opened with `opened`; of a folder the files are examined here.

    address: `postgresql://…` or any libpq connection string (`host=… dbname=…`), `embedded:` (the server that this
    package starts), a folder, or objects in a bucket (`s3://bucket/prefix`, `gs://…`, `az://…`). schema: where the
    tables are, if not on the search path. application: the name of this run's connections on the server, at most 63
    letters of ASCII; None: a unique one. mapping: the names of tables, columns and statuses in the source. patience:
    how long each wait for a database may last; None: as long as in a run.
    Raises SourceMissing, AddressNotUnderstood, SourceMismatch; of objects also ExtraMissing, SourceRefused,
    SourceUnreachable.
    """
    text = str(address)
    if not text.strip():  # as a path it would be the folder that this process is in
        raise AddressNotUnderstood("the source", "its address is empty", "Name a folder, or a database of PostgreSQL.")
    # Before connection strings: a folder may be called `dbname=feed`.
    if isinstance(address, Path) or reads_files(text):
        from store_uptime.pipeline.source.folder.dated_folder import folder

        return folder(files_at(address), mapping)
    if text == EMBEDDED:
        from store_uptime.pipeline.source.postgres.embedded import EmbeddedPostgres

        return EmbeddedPostgres(schema, application, mapping, patience)
    if is_connection_string(text):
        from store_uptime.pipeline.source.postgres.postgres import Postgres

        return Postgres(text, schema, application, mapping, patience)
    if "://" in text:
        raise AddressNotUnderstood(
            text.partition("://")[0] + "://…",  # the rest may hold a password
            "only postgresql://, s3://, gs://, az:// and file:// addresses and folders can be read",
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


def reads_files(address: str) -> bool:
    """Whether `open_source` takes an address for that of files, on this machine or in a bucket."""
    return not is_database(address) and (is_path(address) or names_files(address))


def visit_files(address: str) -> None:
    """Look whether files can be read, without a look at any: of objects, a list of the first of them is asked for.

    Raises SourceMissing, SourceRefused, SourceUnreachable, AddressNotUnderstood, ExtraMissing.
    """
    files = files_at(address)
    if isinstance(files, Path):
        if not files.exists():
            raise SourceMissing(printable(address), "there is no such folder or file")
        return
    from store_uptime.pipeline.storage.objects import first_below

    first_below(files)


def is_database(text: str) -> bool:
    return text == EMBEDDED or text.startswith(URLS)


def names_files(text: str) -> bool:
    """Whether an address is one of objects in a bucket, or of a local path as a URL."""
    return is_stored(text) or is_file_url(text)


def is_connection_string(text: str) -> bool:
    """Whether libpq reads it: a URL of PostgreSQL, or `key=value` pairs that are not the name of a folder."""
    return text.startswith(URLS) or ("=" in text and not is_path(text) and not names_files(text))
