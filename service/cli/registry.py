"""The registry of `serve`, for the commands that look into it or change it."""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from store_uptime import pipeline
from store_uptime.pipeline import EMBEDDED
from store_uptime.service import parameters
from store_uptime.service.cli.terminal import echo
from store_uptime.service.parameters import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from psycopg.rows import DictRow

COMMAND_LINE: dict[str, str | None] = {"who": None, "client": "command line"}
"""The actor in the audit of what a command does."""
STATEMENT_TIMEOUT = timedelta(seconds=60)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class RegistryLocation:
    """Where it is, found as `serve` finds it."""

    database: Annotated[
        str | None,
        parameters.ADDRESS,
        Parameter(group=REGISTRY, metavar="ADDRESS", help="Where the three tables are, as for serve."),
    ] = None
    registry: Annotated[
        str | None,
        parameters.ADDRESS,
        Parameter(group=REGISTRY, metavar="ADDRESS", help="Where reports are kept, as for serve."),
    ] = None


DEFAULT_LOCATION = RegistryLocation()


@contextmanager
def registry_session(location: RegistryLocation) -> "Iterator[Callable[..., list[DictRow]]]":
    """Executes statements of the registry by name, each committed at once; it is made if it is missing."""
    from psycopg.rows import dict_row

    from store_uptime.service.registry.migrations import settled
    from store_uptime.service.registry.statements import statements

    with ExitStack() as servers:

        def url(address: str) -> str:
            return servers.enter_context(pipeline.embedded_server()) if address == EMBEDDED else address

        with registry_errors():
            address = settled(parameters.address(location.database), location.registry, url, echo)
        connection = servers.enter_context(pipeline.connect(address, "store-uptime command", STATEMENT_TIMEOUT))
        # `rekey` may take minutes: no transaction stays open meanwhile, and what is done stays done.
        connection.autocommit = True

        def ask(statement: str, **values: Any) -> "list[DictRow]":
            with registry_errors():
                cursor = connection.cursor(row_factory=dict_row).execute(statements()[statement], values)
                return cursor.fetchall() if cursor.description else []

        yield ask


@contextmanager
def registry_errors() -> "Iterator[None]":
    """Raises RegistryUnreachable where PostgreSQL does not answer, or refuses the connection."""
    import psycopg

    from store_uptime.service.errors import RegistryUnreachable
    from store_uptime.service.registry.connection import cause_of

    try:
        yield
    except psycopg.Error as error:
        cause = cause_of(error)
        if cause is None:
            raise
        raise RegistryUnreachable(cause, str(error)) from error
