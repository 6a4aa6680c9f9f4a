"""`store-uptime keys`: who may call the service."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import cyclopts
from cyclopts import Parameter

import pipeline
from pipeline import EMBEDDED, StoreUptimeError
from service.commands import common
from service.commands.common import say

if TYPE_CHECKING:
    from psycopg.rows import DictRow

keys = cyclopts.App(name="keys", help="API keys: who may call the service.")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the keys are: the registry of `serve`, found as it finds it."""

    database: Annotated[str | None, Parameter(help="Where the three tables are, as for serve.")] = None
    registry: Annotated[str | None, Parameter(help="Where reports are kept, as for serve.")] = None


HERE = Place()
Name = Annotated[str, Parameter(help="A name for whoever uses it; it stands in the history and in the logs.")]


class NoSuchKey(StoreUptimeError):
    """There is no such key, or it is revoked already."""

    def __str__(self) -> str:
        return f"there is no key {self.args[0]!r} that could be revoked. `store-uptime keys list` shows all."


class KeyExists(StoreUptimeError):
    """The name is taken."""

    def __str__(self) -> str:
        return f"there is a key {self.args[0]!r} already. Choose another name."


@keys.command
def add(name: Name, /, *, place: Place = HERE) -> int:
    """Make a key and print it, once: only its hash is kept.

        store-uptime keys add "price monitor"

    From the first key on the service answers nobody without one.
    """
    from service.access import new_key

    key, key_id, key_hash = new_key()
    if not executed(place, "add_key", name=name, id=key_id, hash=key_hash):
        raise KeyExists(name)
    say(f"key {name!r}; it is not shown again:")
    print(key)
    return 0


@keys.command(name="list")
def list_keys(*, place: Place = HERE) -> int:
    """Every key by name, without its secret part.

    store-uptime keys list
    """
    for row in executed(place, "list_keys"):
        state = f"revoked {row['revoked_at']:%Y-%m-%d}" if row["revoked_at"] else "valid"
        print(f"{row['name']}\tsu_{row['id']}_…\tmade {row['created_at']:%Y-%m-%d}\t{state}")
    return 0


@keys.command
def revoke(name: Name, /, *, place: Place = HERE) -> int:
    """Have a key open nothing any more, at once; the sessions that it began end with it.

    store-uptime keys revoke "price monitor"
    """
    if not executed(place, "revoke_key", name=name):
        raise NoSuchKey(name)
    say(f"key {name!r} is revoked")
    return 0


def executed(place: Place, statement: str, **values: object) -> "list[DictRow]":
    """The rows of a statement of the registry, which is made if it is missing."""
    from psycopg.rows import dict_row

    from service.migrations import settled
    from service.statements import statements

    with ExitStack() as servers:

        def url(address: str) -> str:
            return servers.enter_context(pipeline.embedded_server()) if address == EMBEDDED else address

        address = settled(common.address(place.database), place.registry, url, say)
        with pipeline.connected(address, "store-uptime keys") as connection:
            cursor = connection.cursor(row_factory=dict_row)
            return cursor.execute(statements()[statement], values).fetchall()
