"""The registry of `serve`, for the commands that read or change it."""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Protocol

from cyclopts import Parameter

from store_uptime import pipeline
from store_uptime.pipeline import EMBEDDED
from store_uptime.service import parameters
from store_uptime.service.cli.terminal import echo
from store_uptime.service.parameters import REGISTRY
from store_uptime.service.registry.audit import Actor
from store_uptime.service.registry.statements import AnyRow, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator


COMMAND_LINE = Actor(None, "command line")
"""The actor in the audit of what a command does."""
STATEMENT_TIMEOUT = timedelta(seconds=60)


class Execute(Protocol):
    """Executes statements, each committed at once. Raises RegistryUnreachable."""

    def __call__(self, statement: Statement[AnyRow], /) -> list[AnyRow]:
        """The rows of a statement."""
        ...


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
def registry_session(location: RegistryLocation) -> "Iterator[Execute]":
    """Executes statements of the registry, each committed at once; it is made if it is missing."""
    from store_uptime.service.registry.connection import execute_statement
    from store_uptime.service.registry.migrations import choose_registry

    with ExitStack() as servers:

        def url(address: str) -> str:
            return servers.enter_context(pipeline.embedded_server()) if address == EMBEDDED else address

        with registry_errors():
            address = choose_registry(parameters.address(location.database), location.registry, url, echo)
        connection = servers.enter_context(pipeline.connect(address, "store-uptime command", STATEMENT_TIMEOUT))
        # `rekey` may take minutes: no transaction stays open meanwhile, and what is done stays done.
        connection.autocommit = True

        def execute(statement: Statement[AnyRow], /) -> list[AnyRow]:
            with registry_errors():
                return execute_statement(connection, statement)

        yield execute


@contextmanager
def registry_errors() -> "Iterator[None]":
    """Raises RegistryUnreachable where PostgreSQL does not answer, or refuses the connection."""
    import psycopg

    from store_uptime.service.errors import RegistryUnreachable
    from store_uptime.service.registry.connection import database_cause

    try:
        yield
    except psycopg.Error as error:
        cause = database_cause(error)
        if cause is None:
            raise
        raise RegistryUnreachable(cause, str(error)) from error
