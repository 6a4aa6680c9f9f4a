"""IP networks, as the operator names them: those of reverse proxies, and those that webhooks may be in."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network

from store_uptime.service.errors import NoNetwork, NoProxy

Network = IPv4Network | IPv6Network


def proxy_networks(listed: str) -> tuple[Network, ...]:
    """The networks in a list with commas. Raises NoProxy."""
    return tuple(parse_network(text.strip(), NoProxy) for text in listed.split(",") if text.strip())


def webhook_networks(listed: Iterable[str]) -> tuple[Network, ...]:
    """Networks, one a text. Raises NoNetwork."""
    return tuple(parse_network(text, NoNetwork) for text in listed)


def parse_network(text: str, refusal: type[NoNetwork | NoProxy]) -> Network:
    """A network, or an address as a network of one. Raises the refusal."""
    try:
        return ip_network(text)
    except ValueError:
        raise refusal(text) from None
