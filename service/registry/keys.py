"""API keys, and the sessions that begin with one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from store_uptime.service.registry.audit import Actor
from store_uptime.service.registry.grants import Role
from store_uptime.service.registry.rows import NoRow, Row
from store_uptime.service.registry.statements import Statement


@dataclass(frozen=True)
class NewKey:
    """A key to be added. id: the part of it that may be seen; hash: SHA-256 of its secret part."""

    name: str
    id: str
    hash: bytes  # one round is enough: the secret part is 256 random bits, which nobody can try out
    role: str
    expires_at: datetime | None


@dataclass(frozen=True)
class KeyName(Row):
    """The name of the key that a change has met."""

    name: str


@dataclass(frozen=True)
class KeyRow(Row):
    """A key, its secret part apart."""

    name: str
    id: str
    role: Role
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    has_ended: bool | None  # by the clock of PostgreSQL; None where the key has no end


@dataclass(frozen=True)
class StoredKey(Row):
    """What a key is compared with, and what it allows."""

    name: str
    hash: bytes
    role: Role


@dataclass(frozen=True)
class SessionRow(Row):
    """The key of a session, and the token that its requests must show."""

    name: str
    role: Role
    csrf_token: str


@dataclass(frozen=True)
class KeysExist(Row):
    """Whether there is any key."""

    keys_exist: bool


def insert_key(key: NewKey, by: Actor) -> Statement[KeyName]:
    """Add a key; no row where its name is taken."""
    return Statement("insert_key", KeyName, {**vars(key), **vars(by)})


def all_keys() -> Statement[KeyRow]:
    """Every key, the oldest first."""
    return Statement("all_keys", KeyRow)


def revoke_key(name: str, by: Actor) -> Statement[KeyName]:
    """Have a key open nothing any more; no row where there is none, or it is revoked already."""
    return Statement("revoke_key", KeyName, {"name": name, **vars(by)})


def keys_exist() -> Statement[KeysExist]:
    """Whether there is any key, be it revoked; always one row."""
    return Statement("keys_exist", KeysExist)


def find_key(key_id: str) -> Statement[StoredKey]:
    """The valid key with this visible part."""
    return Statement("find_key", StoredKey, {"id": key_id})


def record_key_use(name: str) -> Statement[NoRow]:
    """Record that a key was used just now."""
    return Statement("record_key_use", NoRow, {"name": name})


def insert_session(
    key_name: str | None, session_hash: bytes, csrf_token: str, duration: timedelta, client: str
) -> Statement[NoRow]:
    """Add a session of a key, which ends with the key at the latest."""
    # The cookie itself is not kept, so a copy of the registry opens no session.
    values = {"key_name": key_name, "hash": session_hash, "csrf_token": csrf_token, "duration": duration}
    return Statement("insert_session", NoRow, {**values, "client": client})


def find_session(session_hash: bytes) -> Statement[SessionRow]:
    """The session with this cookie, where it and its key are valid."""
    return Statement("find_session", SessionRow, {"hash": session_hash})


def delete_session(session_hash: bytes, client: str) -> Statement[NoRow]:
    """End a session."""
    return Statement("delete_session", NoRow, {"hash": session_hash, "client": client})
