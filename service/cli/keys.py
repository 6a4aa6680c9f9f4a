"""`store-uptime keys`: who may call the service."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter

from store_uptime.pipeline import is_duration, parse_instant, parse_positive_duration, quoted
from store_uptime.service.cli.registry import COMMAND_LINE, DEFAULT_LOCATION, RegistryLocation, registry_session
from store_uptime.service.cli.tables import show_list
from store_uptime.service.cli.terminal import echo
from store_uptime.service.errors import BadKeyName, KeyExists, UnknownKey
from store_uptime.service.errors.commands import NAME_LENGTH
from store_uptime.service.parameters import INPUT, TIME, converted_by
from store_uptime.service.registry.keys import KeyRow, NewKey, all_keys, insert_key, revoke_key

BEGINS_AS_DATE = re.compile(r"[0-9]{4}-")
HEADINGS = ("name", "key", "role", "made", "ends", "last used", "state")

keys = cyclopts.App(name="keys", help="API keys: who may call the service.")


def end(text: str) -> datetime:
    """The end of a key, from a duration such as 90d or an instant such as 2026-12-31. Raises ValueError."""
    now = datetime.now(UTC)
    # The form decides first, so that the error of a mistyped date speaks of dates, not of durations.
    if BEGINS_AS_DATE.match(text):
        moment = parse_instant(text)
    elif not is_duration(text):
        raise ValueError(f"{quoted(text)} is no end: write how long it lasts, 90d or 12h, or until when, 2026-12-31")
    else:
        try:
            moment = now + parse_positive_duration(text)
        except OverflowError:
            raise ValueError(f"{text!r} from now is outside the calendar") from None
    if moment <= now:
        raise ValueError(f"{text!r} is over already")
    return moment


Name = Annotated[str, Parameter(group=INPUT, help="A name for whoever uses it, for the history and the logs.")]
KeyRole = Annotated[
    Literal["read", "trigger", "admin"],
    Parameter(
        group=INPUT,
        help="read looks; trigger also triggers, cancels its own reports and runs schedules; admin does everything.",
    ),
]
End = Annotated[
    datetime | None,
    converted_by(end),
    Parameter(
        group=TIME,
        metavar="WHEN",
        help="It opens nothing any more after so long, 90d, or from an instant on, 2026-12-31.",
    ),
]


@keys.command(name="add")
def add_key(
    name: Name, /, *, role: KeyRole = "admin", expires: End = None, location: RegistryLocation = DEFAULT_LOCATION
) -> int:
    """Make a key and print it, once: only its hash is kept.

    From the first key on the service answers nobody without one.

        store-uptime keys add "price monitor" --role read --expires 90d
    """
    from store_uptime.service.front.authentication import new_key

    if not 0 < len(name) <= NAME_LENGTH or name != name.strip() or not name.isprintable():
        raise BadKeyName(quoted(name))
    key, key_id, key_hash = new_key()  # the registry gets the hash alone: whoever reads it learns no key
    with registry_session(location) as execute:
        added = execute(insert_key(NewKey(name, key_id, key_hash, role, expires), COMMAND_LINE))
    if not added:
        raise KeyExists(name)
    echo(f"key {name!r}; it is not shown again:")
    print(key)
    return 0


@keys.command(name="list")
def list_keys(*, location: RegistryLocation = DEFAULT_LOCATION) -> int:
    """Every key by name, without its secret part: what it may do, until when, and when it was last used.

    For example:

        store-uptime keys list
    """
    with registry_session(location) as execute:
        rows = execute(all_keys())
    lines = [
        (
            row.name,
            f"su_{row.id}_…",
            row.role,
            day(row.created_at),
            minute(row.expires_at),
            minute(row.last_used_at),
            state(row),
        )
        for row in rows
    ]
    show_list(HEADINGS, lines, "there is no key yet: store-uptime keys add NAME makes one.")
    return 0


def day(moment: datetime) -> str:
    """2026-03-10, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def minute(moment: datetime | None) -> str:
    """2026-03-10 16:00, in UTC."""
    return "never" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def state(key: KeyRow) -> str:
    if key.revoked_at:
        return f"revoked {day(key.revoked_at)}"
    return "ended" if key.has_ended else "valid"


@keys.command
def revoke(name: Name, /, *, location: RegistryLocation = DEFAULT_LOCATION) -> int:
    """Have a key open nothing any more, at once.

    The sessions on the page that it began end with it.

        store-uptime keys revoke "price monitor"
    """
    with registry_session(location) as execute:
        revoked = execute(revoke_key(name, COMMAND_LINE))
    if not revoked:
        raise UnknownKey(name)
    echo(f"key {name!r} is revoked")
    return 0
