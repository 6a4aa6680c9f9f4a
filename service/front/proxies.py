"""Whose request it is, where reverse proxies stand before the service: only those that were named are believed.

A proxy adds the address that it was called from at the end of X-Forwarded-For, so the list is read from its end: the
last address that is no named proxy's is the client. What stands before it the client may have written itself.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import structlog

from store_uptime.service.errors import NoProxy
from store_uptime.service.outgoing.webhooks import Network

Address = IPv4Address | IPv6Address
FOR, PROTOCOL = b"x-forwarded-for", b"x-forwarded-proto"
SCHEMES = ("http", "https")
PORTS = 65_535
HOST_BITS = 64

log = structlog.get_logger(part="access")


def proxies(given: str) -> tuple[Network, ...]:
    """The networks of proxies, as they are written. Raises NoProxy."""
    return tuple(network_of(text.strip()) for text in given.split(",") if text.strip())


def network_of(text: str) -> Network:
    """An address, or a network. Raises NoProxy."""
    try:
        return ip_network(text)
    except ValueError:
        raise NoProxy(text) from None


def client_of(scope: Any) -> str:
    """The address that a request comes from; nothing where it has none."""
    return scope["client"][0] if scope.get("client") else ""


class ProxyMiddleware:
    """Around the application: from here on a request has the client and the scheme that a named proxy tells."""

    def __init__(self, app: Any, named: Sequence[Network]) -> None:
        self._app, self._named = app, named
        self._has_warned = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request, or the life of the application."""
        if scope["type"] == "http" and scope.get("client"):
            self._read(scope)
        await self._app(scope, receive, send)

    def _read(self, scope: Any) -> None:
        told, peer = values_of(FOR, scope), client_of(scope)
        if not is_named(address_in(peer), self._named):
            if told and not self._has_warned:
                log.warning("X-Forwarded-For is not believed: --proxies does not name who sends it", client=peer)
                self._has_warned = True
            return
        scope["client"] = (client_told(told, self._named) or peer, 0)
        scheme = next(reversed(values_of(PROTOCOL, scope)), "")
        if scheme in SCHEMES:
            scope["scheme"] = scheme


def values_of(header: bytes, scope: Any) -> list[str]:
    """The members of a list that stands in one header or in several of the same name."""
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == header]
    return [member.strip() for line in lines for member in line.split(",")]


def client_told(hops: Iterable[str], named: Sequence[Network]) -> str | None:
    """The last address that is no named proxy's; None where that is no address, or where there is none."""
    for hop in reversed(list(hops)):
        address = address_in(hop)
        if address is None or not is_named(address, named):
            return None if address is None else str(address)
    return None


@lru_cache(maxsize=4096)
def counted_as(client: str) -> str:
    """Whom a limit counts for a client: of IPv6 its network of 64 bits, all of which anybody has to themselves."""
    address = address_in(client)
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address) >> HOST_BITS << HOST_BITS, HOST_BITS)))
    return client if address is None else str(address)


def is_proxy(peer: str, named: Sequence[Network]) -> bool:
    """Whether many clients are behind the address of a peer: a named proxy's, or a socket in the file system."""
    address = address_in(peer)
    return address is None or is_named(address, named)


def address_in(hop: str) -> Address | None:
    """The address of 192.0.2.1, 192.0.2.1:80, 2001:db8::1 or [2001:db8::1]:80; None of any other text."""
    host, port = hop, ""
    if hop.startswith("["):
        host, bracket, port = hop[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            return None
        port = port.removeprefix(":")
    elif hop.count(":") == 1:
        host, _, port = hop.partition(":")
    if "%" in host or (port and not (port.isascii() and port.isdigit() and int(port) <= PORTS)):
        return None  # a zone of an IPv6 address can be any text
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_named(address: Address | None, named: Sequence[Network]) -> bool:
    """Whether an address is a named proxy's."""
    return address is not None and any(address in network for network in named)
