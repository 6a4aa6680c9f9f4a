"""Announcements: signed by Standard Webhooks (standardwebhooks.com), and sent to no address of a private network.

An address is looked up once and connected to as it was looked at, so that a name cannot lead elsewhere in between; what
is answered with a redirect has failed. Whoever names a webhook learns nothing of the network that the server is in: a
name that leads nowhere, one that leads into a private network and one behind which nobody answers read the same.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import cast
from urllib.parse import urlsplit

import anyio
import httpcore

from store_uptime.service.errors import NeverDelivered, NotDelivered
from store_uptime.service.networks import Network
from store_uptime.service.outgoing.special_networks import effective_address, is_internal_name, is_public

ADDRESS_LENGTH = 2000
Connect = Callable[[str], Awaitable[httpcore.AsyncNetworkStream]]
NOT_IN_HOSTS = re.compile(r"[%\\]")
SECRET_PREFIX = "whsec_"  # noqa: S105
SECRET_BYTES = 32
GONE = 410
MULTIPLE_CHOICES, BAD_REQUEST = 300, 400
UNREACHABLE = "it could not be reached: the server's log says why"


def check_webhook_url(url: str) -> None:
    """Raises ValueError, with a sentence, for what cannot be the address of a webhook."""
    # What programs read differently is refused: a zone of an IPv6 address, a host that is percent-encoded, a backslash.
    # What we check and what is called would be two hosts.
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc and parts.port != 0
        is_plain = NOT_IN_HOSTS.search(parts.netloc) is None
    except ValueError:
        fits = is_plain = False
    if fits and not is_plain:
        raise ValueError(f"the host of {url!r} is not written plainly: a webhook's host has no %, no \\ and no zone")
    if not fits or len(url) > ADDRESS_LENGTH or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"{url!r} is no address for a webhook: write https://example.com/path, without a user")


def private_address(url: str, allowed: Sequence[Network]) -> str | None:
    """The private address in the URL of a webhook; None where it may be called. Names are not looked up."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        host = "127.0.0.1"
    try:
        # The system reads 0x7f.1 and 2130706433 as addresses, too, and would connect to them.
        entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None  # a name: what it leads to is looked at when it is called
    return next((str(at[0]) for *_, at in entries if not is_allowed(str(at[0]), allowed)), None)


def private_target(url: str, allowed: Sequence[Network]) -> str | None:
    """The same, or its name: where no private network may be called, one that can only lead there is not looked up."""
    address = private_address(url, allowed)
    host = urlsplit(url).hostname or ""
    return address or (host if not allowed and is_internal_name(host) else None)


def is_allowed(text: str, allowed: Sequence[Network]) -> bool:
    """Whether an address is one that everybody can reach, or of a network that is allowed."""
    address = effective_address(ip_address(text.partition("%")[0]))
    return is_public(address) or any(address in network for network in allowed)


def new_secret() -> str:
    """A secret that announcements are signed with, as Standard Webhooks writes it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature_headers(secret: str, message_id: str, sent_s: int, body: bytes) -> dict[str, str]:
    """The headers that show who has sent a body, and when: HMAC-SHA256 over the id, the time and the body."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.new(key, f"{message_id}.{sent_s}.".encode() + body, hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(sent_s), "webhook-signature": f"v1,{signature}"}


@dataclass(frozen=True)
class Announcement:
    """A message to a webhook: its address and secret, an id that stays the same when it is sent again, the content."""

    url: str
    secret: str
    message_id: str
    content: Mapping[str, object]


async def post_announcement(announcement: Announcement, allowed: Sequence[Network]) -> None:
    """Post an announcement. Raises NotDelivered."""
    body = json.dumps(announcement.content, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "store-uptime",
        "Connection": "close",
        **signature_headers(announcement.secret, announcement.message_id, int(time.time()), body),
    }
    private = private_target(announcement.url, allowed)
    if private:
        raise NeverDelivered(
            f"{private} is an address of a private network: --webhook-network allows those that may be"
        )
    guarded = GuardedNetwork(allowed)
    try:
        async with (
            httpcore.AsyncConnectionPool(network_backend=guarded, ssl_context=trust_store()) as pool,
            pool.stream("POST", announcement.url, headers=raw_headers(headers), content=body) as answer,
        ):
            status = answer.status
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
        raise NotDelivered(f"it could not be reached: {str(error) or type(error).__name__}") from None
    if MULTIPLE_CHOICES <= status < BAD_REQUEST:
        raise NotDelivered(f"it answered {status}, and redirects are not followed: give the address that it leads to")
    if not 200 <= status < MULTIPLE_CHOICES:
        raise (NeverDelivered if status == GONE else NotDelivered)(f"it answered {status}")


def absolute_name(host: str) -> str:
    """A name that is looked up as it stands."""
    # Without a dot at its end, the resolver may add a domain of the server's network, and find a host inside.
    return host if host.replace(".", "").isdigit() or ":" in host else f"{host.rstrip('.')}."


@cache  # reading the authorities of this machine takes some ten milliseconds
def trust_store() -> ssl.SSLContext:
    return ssl.create_default_context()


def raw_headers(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to addresses that everybody can reach, and to those of the networks that are allowed."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed
        self._network = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises NotDelivered."""
        try:
            addresses = await self._allowed_addresses(host, port)
            return await self._connect_first(
                addresses,
                lambda address: self._network.connect_tcp(address, port, timeout, local_address, socket_options),
            )
        except (OSError, UnicodeError, httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise NotDelivered(UNREACHABLE, cause=f"{host}: {str(error) or type(error).__name__}") from None

    async def _connect_first(self, addresses: list[str], connect: Connect) -> httpcore.AsyncNetworkStream:
        """The first connection that comes about. Raises what the last address raises."""
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await connect(address)
        return await connect(addresses[-1])

    async def _allowed_addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host. Raises NotDelivered where one may not be called, OSError, UnicodeError."""
        # Looked up here and connected to by address: a name that is looked up twice may lead elsewhere the second time.
        entries = await anyio.getaddrinfo(host if self._allowed else absolute_name(host), port, type=socket.SOCK_STREAM)
        found = [str(address[0]) for *_, address in entries]
        for address in found:
            if not is_allowed(address, self._allowed):
                raise NotDelivered(UNREACHABLE, cause=f"{host} leads to {address}, of a private network")
        return found
