"""The Host header of a request."""

import re
from contextlib import suppress
from urllib.parse import urlsplit

NOT_IN_HOST = re.compile(rb"[@/\\?#,%\s]")


def host_name(host: str) -> str | None:
    """The name in a Host header, without the port; None where it has none."""
    with suppress(ValueError):  # a bracket that is not closed
        return urlsplit(f"//{host}").hostname
    return None


def host_refusal(headers: list[tuple[bytes, bytes]]) -> str | None:
    """Why a request is refused for its Host headers, a sentence; None where they are in order."""
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1:  # each proxy on the way may have believed another of them
        return f"A request has one Host header; this one has {len(hosts)}."
    if not all(map(is_host, hosts)):
        return "The Host header is a name or an address, perhaps with a port, and nothing else."
    return None


def is_host(host: bytes) -> bool:
    try:
        # Litestar makes the address of the request of it, and fails on a port out of range or an open bracket.
        _ = urlsplit(f"//{host.decode('latin-1')}").port
    except ValueError:
        return False
    return NOT_IN_HOST.search(host) is None
