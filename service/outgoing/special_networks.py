"""Networks that lead to nobody outside: all that IANA keeps for special purposes, and what clouds keep for themselves.

Written out here, since Python's own list grows from one patch of the language to the next. The registries:
https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry. Of these even what can be
reached from everywhere is left out: it is infrastructure, and nobody's webhook.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

VERSION_4 = {
    "0.0.0.0/8": "this network (RFC 791)",
    "10.0.0.0/8": "private (RFC 1918)",
    "100.64.0.0/10": "shared by providers (RFC 6598); Alibaba's metadata, 100.100.100.200",
    "127.0.0.0/8": "this machine (RFC 1122)",
    "168.63.129.16/32": "Azure's metadata",
    "169.254.0.0/16": "this link (RFC 3927); metadata of most clouds, 169.254.169.254",
    "172.16.0.0/12": "private (RFC 1918)",
    "192.0.0.0/24": "protocol assignments (RFC 6890); Oracle's metadata, 192.0.0.192",
    "192.0.2.0/24": "documentation (RFC 5737)",
    "192.31.196.0/24": "AS112 (RFC 7535)",
    "192.52.193.0/24": "AMT (RFC 7450)",
    "192.88.99.0/24": "relays of 6to4 (RFC 7526)",
    "192.168.0.0/16": "private (RFC 1918)",
    "192.175.48.0/24": "AS112 (RFC 7534)",
    "198.18.0.0/15": "measurements (RFC 2544)",
    "198.51.100.0/24": "documentation (RFC 5737)",
    "203.0.113.0/24": "documentation (RFC 5737)",
    "224.0.0.0/4": "multicast (RFC 5771)",
    "240.0.0.0/4": "reserved (RFC 1112), broadcast (RFC 919)",
}
VERSION_6 = {
    "::/96": "unspecified, this machine, version 4 in compatible form (RFC 4291)",
    "::ffff:0:0/96": "version 4 mapped (RFC 4291)",
    "::ffff:0:0:0/96": "version 4 translated (RFC 2765)",
    "64:ff9b::/96": "version 4 by a translator (RFC 6052)",
    "64:ff9b:1::/48": "version 4 by a local translator (RFC 8215)",
    "100::/64": "discarded (RFC 6666)",
    "100:0:0:1::/64": "placeholder (RFC 9780)",
    "2001::/23": "protocol assignments (RFC 2928): Teredo (4380), tests (5180), ORCHID (4843, 7343), DRIP (9374)",
    "2001:db8::/32": "documentation (RFC 3849)",
    "2002::/16": "6to4 (RFC 3056)",
    "2620:4f:8000::/48": "AS112 (RFC 7534)",
    "3fff::/20": "documentation (RFC 9637)",
    "5f00::/16": "segment routing (RFC 9602)",
    "fc00::/7": "private (RFC 4193); Amazon's metadata, fd00:ec2::254",
    "fe80::/10": "this link (RFC 4291)",
    "fec0::/10": "this site (RFC 3879)",
    "ff00::/8": "multicast (RFC 4291)",
}
SPECIAL_4 = tuple(IPv4Network(text) for text in VERSION_4)
SPECIAL_6 = tuple(IPv6Network(text) for text in VERSION_6)
ALLOCATED = IPv6Network("2000::/3")  # all that there is of version 6; the rest waits for a purpose (RFC 4291)
TRANSLATED = IPv6Network("64:ff9b::/96")
BITS_OF_VERSION_4 = (1 << 32) - 1
INTERNAL_NAMES = (  # RFC 6761, 6762 with its appendix G, 8375; .internal: ICANN, 2024; .svc: services of Kubernetes
    *("localhost", "localdomain", "local", "home.arpa"),
    *("internal", "intranet", "private", "corp", "home", "lan", "svc"),
)


def effective_address(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address itself, or that of version 4 which it stands for: mapped, or by a translator (RFC 6052)."""
    if isinstance(address, IPv6Address):
        translated = IPv4Address(int(address) & BITS_OF_VERSION_4) if address in TRANSLATED else None
        return address.ipv4_mapped or translated or address
    return address


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is an address that everybody can reach."""
    if isinstance(address, IPv6Address):
        return address in ALLOCATED and not any(address in network for network in SPECIAL_6)
    return not any(address in network for network in SPECIAL_4)


def is_internal_name(host: str) -> bool:
    """Whether a name, by its form, can only be in a private network: one word, or below `internal`."""
    name = host.rstrip(".").lower()
    return not set(".:") & set(name) or name.endswith(tuple(f".{suffix}" for suffix in INTERNAL_NAMES))
