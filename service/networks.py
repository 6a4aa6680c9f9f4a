"""IP networks, as the operator names them: those of reverse proxies, and those that webhooks may be in."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network

from store_uptime.pipeline import StoreUptimeError

Network = IPv4Network | IPv6Network


class NoProxy(StoreUptimeError):
    """A value of --proxies is not an IP address or network."""

    def __str__(self) -> str:
        return f"{self.args[0]!r} is no address of a proxy: write 127.0.0.1 or 10.0.0.0/8, several with commas between."


class NoNetwork(StoreUptimeError):
    """A value of --webhook-network is not an IP network."""

    def __str__(self) -> str:
        return f"{self.args[0]!r} is no network: write 10.0.0.0/8 or fd00::/8."


def proxy_networks(listed: str) -> tuple[Network, ...]:
    """The networks in a list with commas. Raises NoProxy."""
    return tuple(parse_network(text.strip(), NoProxy) for text in listed.split(",") if text.strip())


def webhook_networks(listed: Iterable[str]) -> tuple[Network, ...]:
    """Networks, one a text. Raises NoNetwork."""
    return tuple(parse_network(text, NoNetwork) for text in listed)


def parse_network(text: str, refusal: type[StoreUptimeError]) -> Network:
    """A network, or an address as a network of one. Raises the refusal."""
    try:
        return ip_network(text)
    except ValueError:
        raise refusal(text) from None
