"""The address of a Dask scheduler."""

import re

from store_uptime.pipeline.errors import AddressNotUnderstood

ADDRESS = re.compile(r"(?P<scheme>tcp|tls)://(?:\[(?P<ipv6>[0-9a-fA-F:]+)\]|(?P<host>[\w.-]+)):(?P<port>[0-9]{1,5})/?")
CHECK_HOST = "Check host and port, and that it is there."


def parse_address(address: str) -> tuple[str, int]:
    """Host and port. Raises AddressNotUnderstood."""
    found = ADDRESS.fullmatch(address)
    if not found or not 0 < int(found["port"]) < 1 << 16:
        remedy = "Write local, tcp://HOST:PORT or tls://HOST:PORT."
        raise AddressNotUnderstood(address, "that is no address of a scheduler of Dask", remedy)
    return found["host"] or found["ipv6"], int(found["port"])
