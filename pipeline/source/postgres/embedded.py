"""The server that this package starts, as a source."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Self

import psycopg

from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.source.postgres.postgres import Postgres
from store_uptime.pipeline.source.protocol import ALL_TABLES
from store_uptime.pipeline.tables import Table

NAME = "the embedded PostgreSQL server"


class EmbeddedPostgres(Postgres):
    """The server that this package starts; it runs at least as long as the source is open."""

    def __init__(
        self,
        schema: str | None = None,
        application: str | None = None,
        mapping: SourceMapping = AS_NAMED,
        patience: timedelta | None = None,
    ) -> None:
        super().__init__("", schema, application, mapping, patience)
        self.name = NAME

    @contextmanager
    def opened(self, tables: Sequence[Table] = ALL_TABLES) -> Iterator[Self]:
        """See `Source`. Raises also EmbeddedUnavailable."""
        from store_uptime.pipeline.embedded.server import embedded_server

        with embedded_server() as self._address, super().opened(tables):
            yield self

    def _name_of(self, connection: psycopg.Connection) -> str:
        return NAME
