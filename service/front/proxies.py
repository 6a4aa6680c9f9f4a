"""The client of a request behind reverse proxies: only proxies that were named are believed.

A proxy adds the address that it was called from at the end of X-Forwarded-For, so the list is read from its end: the
last address that is no named proxy's is the client's. What stands before it the client may have written itself.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import structlog
from litestar.types import ASGIApp, Receive, Scope, Send

from store_uptime.service.networks import Network

Address = IPv4Address | IPv6Address
FOR, PROTOCOL = b"x-forwarded-for", b"x-forwarded-proto"
SCHEMES = ("http", "https")
PORTS = 65_535
NETWORK_BITS = 64  # of IPv6

log = structlog.get_logger(part="access")


def client_of(scope: Scope) -> str:
    """The address that a request comes from; nothing where it has none."""
    client = scope.get("client")  # None of a connection over a socket in the file system
    return client[0] if client else ""


class ProxyMiddleware:
    """Gives a request the client and the scheme that a named proxy has written into its headers."""

    def __init__(self, app: ASGIApp, named: Sequence[Network]) -> None:
        self._app, self._named = app, named
        self._has_warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the application."""
        if scope["type"] == "http" and scope.get("client"):
            self._read(scope)
        await self._app(scope, receive, send)

    def _read(self, scope: Scope) -> None:
        hops, peer = header_values(FOR, scope["headers"]), client_of(scope)
        if not is_named(address_in(peer), self._named):
            if hops and not self._has_warned:
                log.warning("X-Forwarded-For is not believed: --proxies does not name who sends it", client=peer)
                self._has_warned = True
            return
        scope["client"] = (forwarded_client(hops, self._named) or peer, 0)
        scheme = next(reversed(header_values(PROTOCOL, scope["headers"])), "")
        if scheme in SCHEMES:
            scope["scheme"] = scheme


def header_values(header: bytes, headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """The members of a list that stands in one header or in several of the same name."""
    lines = [value.decode("latin-1") for name, value in headers if name == header]
    return [member.strip() for line in lines for member in line.split(",")]


def forwarded_client(hops: Iterable[str], named: Sequence[Network]) -> str | None:
    """The last address that is no named proxy's; None where that is no address, or where there is none."""
    for hop in reversed(list(hops)):
        address = address_in(hop)
        if address is None or not is_named(address, named):
            return None if address is None else str(address)
    return None


@lru_cache(maxsize=4096)
def counted_as(client: str) -> str:
    """The name under which limits count a client: its address, of IPv6 the network of 64 bits."""
    # Each customer of a provider has at least 64 bits of addresses, and could call from another one each time.
    address = address_in(client)
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address) >> NETWORK_BITS << NETWORK_BITS, NETWORK_BITS)))
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
        return None  # a zone of an IPv6 address can be any text, such as a forged line of the log
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_named(address: Address | None, named: Sequence[Network]) -> bool:
    """Whether an address is a named proxy's."""
    return address is not None and any(address in network for network in named)
