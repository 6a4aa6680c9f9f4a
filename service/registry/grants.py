"""What a key allows: its role, and which role a route needs.

Each route names its role once, by `needs`: the authentication compares, and the OpenAPI document shows it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from store_uptime.service.errors import RoleNeeded


class Role(StrEnum):
    """What a key may do; each may do what those before it may."""

    READ = "read"
    """look at reports, files, timelines, stores and schedules"""
    TRIGGER = "trigger"
    """trigger reports, cancel those that it has triggered, run schedules"""
    ADMIN = "admin"
    """delete, cancel whatever runs, change schedules, deliver, load sample data"""


ROLES = tuple(Role)


@dataclass(frozen=True)
class Grant:
    """The rights of a caller, by their key. name: None where no key is needed."""

    name: str | None
    role: Role

    def allows(self, role: Role) -> bool:
        """Whether it suffices where a role is needed."""
        return ROLES.index(self.role) >= ROLES.index(role)  # not by text: "read" would be more than "admin"

    def check(self, role: Role) -> None:
        """Raises RoleNeeded where it does not suffice."""
        if not self.allows(role):
            raise RoleNeeded(role, self.name or "", self.role)


EVERYTHING = Grant(None, Role.ADMIN)
"""What callers on this machine may do as long as there is no key."""


RouteArguments = dict[str, Any]  # of a decorator: type checkers know no names of keywords in a dict


def needs(role: Role) -> RouteArguments:
    """The arguments of a route's decorator that name the role that it needs."""
    # The empty requirement says that a key is optional: as long as there is none, callers on this machine need none.
    return {"opt": {"role": role}, "security": [{}, {"key": [role]}]}
