"""Announcements by themselves: what they are signed with, and where they do not go."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import ip_addresses
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from store_uptime.service.errors import NeverDelivered, NotDelivered
from store_uptime.service.outgoing.special_networks import SPECIAL_4, SPECIAL_6, is_public, led_to
from store_uptime.service.outgoing.webhooks import (
    UNREACHABLE,
    Announcement,
    GuardedNetwork,
    Network,
    NoNetwork,
    absolute,
    announced,
    checked_address,
    networks,
    new_secret,
    signed,
    trusted,
)
from tests.support.receivers import Receiver
from tests.support.running import in_a_loop

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1"))
SAID = {"type": "report.complete", "data": {"schedule": "früh"}}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().listening() as receiver:
        yield receiver


def announce(url: str, *allowed: str, secret: str = "") -> None:
    announcement = Announcement(url, secret or new_secret(), "msg_1", SAID)
    in_a_loop(announced(announcement, networks(allowed)))


def test_whoever_has_the_secret_can_tell_that_it_is_genuine(receiver: Receiver) -> None:
    secret = new_secret()
    announce(f"{receiver.url}/hook?x=1", "127.0.0.0/8", secret=secret)
    (got,) = receiver.received
    assert got.path == "/hook?x=1"
    assert Webhook(secret).verify(got.body, got.headers) == SAID
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(got.body.replace(b"complete", b"error"), got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(got.body, got.headers)


def test_a_signature_is_what_the_standard_says() -> None:
    key = base64.b64encode(b"0" * 32).decode()
    digest = hmac.new(b"0" * 32, b"msg_1.1700000000.{}", hashlib.sha256).digest()
    assert signed(f"whsec_{key}", "msg_1", 1_700_000_000, b"{}") == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"),
        *("10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[fd00::1]", "[fe80::1]", "[::]"),
        *("224.0.0.1", "[ff02::1]", "[::ffff:10.0.0.1]", "198.18.0.1", "[fec0::1]", "[::10.0.0.1]", "[5f00::1]"),
        *("[64:ff9b::a00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a00:1]", "[2002:a00:1::1]", "[2001:0:a00:1::1]"),
        *("[::ffff:0:10.0.0.1]", "[3fff::1]", "[2001:db8::1]", "168.63.129.16", "192.0.0.192", "100.100.100.200"),
        *("[fd00:ec2::254]", "192.0.0.9", "192.31.196.1", "192.88.99.1", "240.0.0.1", "255.255.255.255", "[100::1]"),
        *(
            "[2001:10::1]",
            "[2001:20::1]",
            "[2620:4f:8000::1]",
            "[4000::1]",
            "db",
            "metadata.google.internal",
            "a.local.",
            "kubernetes.default.svc",
        ),
    ],
)
def test_no_address_of_a_private_network_is_called(receiver: Receiver, host: str) -> None:
    port = receiver.url.rpartition(":")[2]
    with pytest.raises(NotDelivered, match=r"private network: --webhook-network") as refused:
        announce(f"http://{host}:{port}/hook")
    assert isinstance(refused.value, NeverDelivered)
    assert receiver.received == []


@pytest.mark.parametrize("network", [*SPECIAL_4, *SPECIAL_6], ids=str)
def test_no_special_network_is_public_from_its_first_address_to_its_last(network: Network) -> None:
    for address in (network[0], network[-1]):
        assert not is_public(address)


@given(ip_addresses())
def test_what_python_takes_for_special_is_not_public(address: IPv4Address | IPv6Address) -> None:
    assert not is_public(address) or (address.is_global and not address.is_multicast)


def test_to_a_name_no_domain_of_the_own_network_is_added() -> None:
    hosts = ["payroll.corp-sub", "example.com.", "192.0.2.1", "2001:db8::1"]
    assert [*map(absolute, hosts)] == ["payroll.corp-sub.", "example.com.", "192.0.2.1", "2001:db8::1"]


def test_of_what_a_name_leads_to_nothing_is_told() -> None:
    """Nobody learns which names there are behind the server: found nowhere, private, and deaf are told alike."""
    causes = [
        cause("no-such-host.invalid"),
        cause("127.0.0.1"),
        cause("127.0.0.1", "127.0.0.0/8"),
        cause("x" * 64 + ".example.com"),
    ]
    assert causes[1] == "127.0.0.1 leads to 127.0.0.1, of a private network"
    assert len(set(causes)) == len(causes)


def cause(host: str, *allowed: str) -> str | None:
    """What the log says of a host that is not reached, the name of which was looked up."""
    with pytest.raises(NotDelivered) as failed:
        in_a_loop(GuardedNetwork(networks(allowed)).connect_tcp(host, 9))
    assert (str(failed.value), type(failed.value)) == (UNREACHABLE, NotDelivered)
    return failed.value.cause


def test_unless_its_network_is_allowed(receiver: Receiver) -> None:
    announce(f"{receiver.url}/hook", "10.0.0.0/8", "127.0.0.1/32")
    with pytest.raises(NotDelivered, match="private network"):
        announce(f"{receiver.url}/hook", "10.0.0.0/8")
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("answer", "told", "kind"),
    [
        (500, "it answered 500", NotDelivered),
        (404, "it answered 404", NotDelivered),
        (410, "it answered 410", NeverDelivered),
        (302, "it answered 302, and redirects are not followed", NotDelivered),
        (308, "it answered 308, and redirects are not followed", NotDelivered),
    ],
)
def test_what_is_not_a_success_is_told(receiver: Receiver, answer: int, told: str, kind: type[NotDelivered]) -> None:
    receiver.answers["/hook"] = [answer]
    with pytest.raises(NotDelivered, match=told) as failed:
        announce(f"{receiver.url}/hook", "127.0.0.0/8")
    assert type(failed.value) is kind
    assert [got.path for got in receiver.received] == ["/hook"]


def test_over_https_the_name_is_that_of_the_certificate(
    receiver: Receiver, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = receiver.behind_tls(certificates)
    with pytest.raises(NotDelivered, match=r"it could not be reached: .*certificate verify failed"):
        announce(f"https://localhost:{port}/hook", "127.0.0.0/8", "::1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.crt"))
    trusted.cache_clear()
    announce(f"https://localhost:{port}/hook", "127.0.0.0/8", "::1")
    with pytest.raises(NotDelivered, match=r"it could not be reached: .*127.0.0.1"):
        announce(f"https://127.0.0.1:{port}/hook", "127.0.0.0/8")
    trusted.cache_clear()
    assert len(receiver.received) == 1


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_everybody_can_reach_is_public(address: str) -> None:
    assert is_public(led_to(ip_address(address)))


def test_who_is_not_there_is_told() -> None:
    with pytest.raises(NotDelivered, match="it could not be reached"):
        announce("http://127.0.0.1:9/hook", "127.0.0.0/8")
    with pytest.raises(NotDelivered, match="it could not be reached"):
        announce("https://no-such-host.invalid/hook")


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.com", "ftp://example.com", "http://", "http:///x", "https://me@example.com", "https://@a/"),
        *("http://a b/", "http://a/\n", "http://a/\x01", "http://a/\x7f", "http://\0", "http://exämple.com/", "//a/b"),
        *("https://[::1", "https://example.com:0/", "https://example.com:99999/", "https://example.com/" + 2000 * "x"),
    ],
)
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(ValueError, match="is no address for a webhook"):
        checked_address(url)


@pytest.mark.parametrize(
    "url",
    [
        *("http://[fe80::1%25eth0]/", "http://[::1%25lo]:9911/", "http://[fe80::1%eth0]/", "http://[::1%]/"),
        *("http://%31%32%37.0.0.1:9911/", "http://example%2ecom/", "http://example.com\\.evil.com/", "http:\\\\a.com/"),
        *("http://example.com\\@evil.com/", "https://\\example.com/"),
    ],
)
def test_a_host_that_programs_read_differently_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"is not written plainly|is no address for a webhook"):
        checked_address(url)


def test_what_follows_the_host_may_be_encoded() -> None:
    checked_address("https://example.com:8443/a%20b?c=%5C")


def test_what_is_no_network_is_told() -> None:
    with pytest.raises(NoNetwork, match=r"'10.0.0.1/8' is no network"):
        networks(["10.0.0.1/8"])
    assert networks(["127.0.0.0/8", "::1"]) == LOOPBACK
