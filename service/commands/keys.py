"""`store-uptime keys`: who may call the service."""

from typing import Annotated

import cyclopts
from cyclopts import Parameter

from pipeline import StoreUptimeError
from service.commands.common import say
from service.commands.groups import INPUT
from service.commands.registry import HERE, ON_THE_COMMAND_LINE, Place, opened
from service.commands.tables import show_list

keys = cyclopts.App(name="keys", help="API keys: who may call the service.")


Name = Annotated[str, Parameter(group=INPUT, help="A name for whoever uses it, for the history and the logs.")]


class BadName(StoreUptimeError):
    """What was given as a name cannot be read."""

    def __str__(self) -> str:
        return f"{self.args[0]!r} is no name for a key: it must have something in it that can be read, on one line."


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

    From the first key on the service answers nobody without one.

        store-uptime keys add "price monitor"
    """
    from service.access import new_key

    if not name.strip() or not name.isprintable():
        raise BadName(name)
    key, key_id, key_hash = new_key()
    with opened(place) as ask:
        added = ask("add_key", name=name, id=key_id, hash=key_hash, **ON_THE_COMMAND_LINE)
    if not added:
        raise KeyExists(name)
    say(f"key {name!r}; it is not shown again:")
    print(key)
    return 0


@keys.command(name="list")
def list_keys(*, place: Place = HERE) -> int:
    """Every key by name, without its secret part.

    For example:

        store-uptime keys list
    """
    with opened(place) as ask:
        rows = ask("list_keys")
    lines = [
        (
            row["name"],
            f"su_{row['id']}_…",
            f"{row['created_at']:%Y-%m-%d}",
            f"revoked {row['revoked_at']:%Y-%m-%d}" if row["revoked_at"] else "valid",
        )
        for row in rows
    ]
    show_list(("name", "key", "made", "state"), lines, "there is no key yet: store-uptime keys add NAME makes one.")
    return 0


@keys.command
def revoke(name: Name, /, *, place: Place = HERE) -> int:
    """Have a key open nothing any more, at once.

    The sessions on the page that it began end with it.

        store-uptime keys revoke "price monitor"
    """
    with opened(place) as ask:
        revoked = ask("revoke_key", name=name, **ON_THE_COMMAND_LINE)
    if not revoked:
        raise NoSuchKey(name)
    say(f"key {name!r} is revoked")
    return 0
