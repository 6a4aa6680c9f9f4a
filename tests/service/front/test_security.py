"""What a hostile client, page, proxy or store id comes to: nothing."""

import csv
import io
import json
import re
import socket
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import openpyxl
import psutil
import pytest
from playwright.sync_api import Browser

from store_uptime.service.front.authentication import COOKIE, CSRF_HEADER
from store_uptime.service.front.headers import HEADERS
from store_uptime.service.front.middleware import GONE
from store_uptime.service.page.humanize import isolated, without_controls
from store_uptime.service.page.templates import ASSETS, assets_path
from store_uptime.service.testing import Service
from tests.support.browsing import opened, ready
from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed
from tests.support.postgres import PASSWORD, Cluster, eventually, fresh_database, network_url, run
from tests.support.running import (
    HEAD_S,
    bearer,
    complete,
    finished,
    keys,
    loaded,
    log_lines,
    problem,
    running,
    started,
    trigger,
    workers_of,
)

pytestmark = pytest.mark.long  # servers of their own

UNKNOWN = "0" * 32
SCRIPT = f"{assets_path()}/page.js"
HOSTILE = [
    "a\r\nSet-Cookie: x=1\r\n\r\n<script>alert(1)</script>",
    'say "so", twice',
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "=cmd|' /C calc'!A0",
    "'; drop table store_uptime.report; --",
    "../../etc/passwd",
    "%0d%0aX: y",
    "żółw 🐢 \u202egpj",
    "\u2069\u202edne \u0627\u0644\u0645\u0637\u0639\u0645",
    "{{7*7}}${7*7}",
]
IN_HEADERS = [store for store in HOSTILE if set(store) & set('\r\n\t"%ż')]  # what they hold means something there


@pytest.fixture(scope="module")
def service(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service over stores with hostile ids, that is called under a name of its own, and is soon out of patience."""
    with fresh_database(server) as database:
        loaded(database, hostile_feed(tmp_path_factory.mktemp("hostile") / "feed"))
        with running(database, "--allowed-host", "Uptime.Example", "--body-seconds", "1") as server_:
            yield server_
            assert log_lines(server_, level="error") == []


def hostile_feed(folder: Path) -> Path:
    """A feed with one poll of each of the hostile stores."""
    polls = io.StringIO()
    csv.writer(polls).writerows([POLLS.split(","), *([store, "2024-10-14 12:00:00", "active"] for store in HOSTILE)])
    hours = lines(HOURS, "@x,8,09:00:00,17:00:00")
    return written_feed(folder, polls=polls.getvalue(), hours=hours, zones=lines(ZONES))


@pytest.fixture(scope="module")
def report_id(service: Service) -> str:
    """A complete report of all of them."""
    with service.client() as client:
        return complete(client)


def sent_raw(server: Service, *parts: bytes) -> bytes:
    """What the server says, until it closes, to bytes that come in parts."""
    with connection(server) as to_server:
        to_server.settimeout(20)
        with suppress(BrokenPipeError, ConnectionResetError):  # it has heard enough
            for part in parts:
                to_server.sendall(part)
        return all_of(to_server)


def connection(server: Service) -> socket.socket:
    """A connection to the server, as TCP."""
    place = urlsplit(server.url)
    return socket.create_connection((str(place.hostname), place.port or 0))


def all_of(to_server: socket.socket) -> bytes:
    """Everything that comes, until the server closes."""
    said = b""
    with suppress(ConnectionResetError):
        while part := to_server.recv(1 << 16):
            said += part
    return said


# Addresses ------------------------------------------------------------------------------------------------------------

TARGETS = [
    "/get_report/../reports",
    "/get_report/..%2f..%2freports",
    "/get_report/%2e%2e/%2e%2e/etc/passwd",
    f"/get_report/{UNKNOWN}/../{UNKNOWN}",
    f"/get_report/{UNKNOWN}%2fevents",
    f"/get_report/{UNKNOWN};x=1",
    f"/get_report/{UNKNOWN}.csv",
    f"/get_report/{'A' * 32}",
    "/get_report/%00",
    "/get_report/%0d%0aSet-Cookie:%20x=1",
    "/get_report/%C5%BC%F0%9F%90%A2",
    "/get_report/%FF%FE",
    "/get_report/%",
    "/get_report/'%20or%201=1--",
    "/get_report/" + "0" * 9_000,
    "/reports/..%2fevents",
    "/reports/%00/events",
    "/page/../app.py",
    "/page/..%2fapp.py",
    "/page/%2e%2e/app.py",
    "/page/..%5capp.py",
    "/page/%2fetc%2fpasswd",
    "/page//etc/passwd",
    f"{assets_path()}/..%2ftemplates%2fbase.html",
    f"{assets_path()}/../../app.py",
    f"{assets_path()}/page.js%00.css",
    f"{assets_path()}/page.js/x",
    "/page/000000000000/page.js",
    "/page/" + "x" * 5_000,
    "/page",
    "/schema/files/..%2f..%2f__init__.py",
    "/schema/files/%2e%2e/__init__.py",
    "//evil.example/reports",
    "/\\evil.example",
    "http://evil.example/reports/%2e%2e",
]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target[:40])
def test_a_trick_in_an_address_finds_nothing(client: httpx.Client, target: str) -> None:
    answer = client.get("/", extensions={"target": target.encode()})
    assert answer.status_code in (400, 404)
    problem(answer, answer.status_code)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "head",
    [
        b"GET /\xe4 HTTP/1.1",
        b"GET /a b HTTP/1.1",
        b"GET / HTTP/9",
        b"GARBAGE",
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/1.1\r\nX: a\r\n b\x00",
        b"POST /trigger_report HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2",
        b"POST /trigger_report HTTP/1.1\r\nContent-Length: -1",
        b"POST /trigger_report HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
        b"POST /trigger_report HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5",
        b"POST /trigger_report HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        b"POST /trigger_report HTTP/1.1\r\nTransfer-Encoding: x-chunked",
        b"POST /trigger_report HTTP/1.1\r\nContent-Length : 5",
        b"GET /health HTTP/1.1\r\nHost: localhost",
        b"GET /health HTTP/1.1\r\nHost: 127.0.0.1",
        b"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1",
        b"GET /health HTTP/1.1\r\nX: a\r\n b",
        b"GET /health HTTP/1.1\r\nX: a\r\n\tb",
        b"GET /health HTTP/1.1\r\nX: a\rY: b",
        b"GET /health HTTP/1.1\r\n X: a",
    ],
)
def test_what_is_no_http_ends_its_connection_alone(service: Service, client: httpx.Client, head: bytes) -> None:
    said = sent_raw(service, head + b"\r\nHost: 127.0.0.1\r\n\r\n")
    assert re.match(rb"HTTP/1.1 400 ", said)
    assert b"X-Content-Type-Options: nosniff" in said
    assert json.loads(said.rpartition(b"\r\n\r\n")[2])["error"]
    assert client.get("/health").is_success


@pytest.mark.parametrize(
    "host",
    [
        *(b"me@127.0.0.1", b"127.0.0.1/x", b"127.0.0.1, evil.example", b"127.0.0.1 evil.example", b"127.0.0.1?x"),
        *(b"evil.example\\127.0.0.1", b"%31%32%37.0.0.1", b"127.0.0.1#x", b"127.0.0.1:99999", b"[::1", b"[x]"),
    ],
)
def test_a_host_is_a_name_and_nothing_else(service: Service, host: bytes) -> None:
    said = sent_raw(service, b"GET /health HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 400 ")
    assert "The Host header is a name" in json.loads(said.rpartition(b"\r\n\r\n")[2])["error"]


# Store ids ------------------------------------------------------------------------------------------------------------


def test_csv_holds_every_id_as_it_is(client: httpx.Client, report_id: str) -> None:
    text = client.get(f"/get_report/{report_id}").content.decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert sorted(row["store_id"] for row in rows) == sorted(HOSTILE)
    assert all(None not in row and None not in row.values() for row in rows)


def test_json_holds_every_id_as_it_is(client: httpx.Client, report_id: str) -> None:
    told = client.get(f"/get_report/{report_id}", params={"format": "json"}).json()
    assert sorted(row["store_id"] for row in told["stores"]) == sorted(HOSTILE)


def test_in_xlsx_an_id_is_text_and_never_a_formula_or_a_link(client: httpx.Client, report_id: str) -> None:
    content = client.get(f"/get_report/{report_id}", params={"format": "xlsx"}).content
    cells = [row[0] for row in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.hyperlink for cell in cells} == {None}
    assert sorted(str(cell.value).replace("_x000D_", "\r") for cell in cells) == sorted(HOSTILE)


@pytest.mark.parametrize("store", IN_HEADERS, ids=range(len(IN_HEADERS)))
def test_no_id_gets_into_a_header(client: httpx.Client, store: str) -> None:
    asked = client.post("/trigger_report", json={"store_id": store})
    report_id = asked.json()["report_id"]
    status = finished(client, report_id)
    assert (status["status"], status["options"]["store_id"]) == ("Complete", store)
    file = client.get(f"/get_report/{report_id}")
    assert file.headers["Content-Disposition"] == f'attachment; filename="{report_id}.csv"'
    others = [
        client.get("/timeline", params={"store_id": store, "report_id": report_id, "format": "csv"}),
        client.get("/reports", params={"store_id": store}),
        client.get("/stores", params={"prefix": store, "limit": 1}),
        client.get(f"/view/{report_id}"),
        client.get(f"/view/{report_id}/store", params={"store_id": store}),
    ]
    for answer in (asked, file, *others):
        assert not answer.is_error, answer.text
        assert {name.lower() for name in answer.headers} <= EXPECTED_HEADERS
        assert all(store not in value for value in answer.headers.values() if len(store) > 2)


EXPECTED_HEADERS = {
    *(name.lower() for name in HEADERS),
    *("date", "content-type", "content-length", "content-encoding", "content-disposition", "location", "vary", "etag"),
    *("cache-control", "x-report-status", "x-request-id", "transfer-encoding"),
}


TURNED = [store for store in HOSTILE if "\u202e" in store]


@pytest.mark.parametrize("store", TURNED, ids=range(len(TURNED)))
def test_no_id_turns_what_stands_beside_it(client: httpx.Client, report_id: str, store: str) -> None:
    fleet = client.get(f"/view/{report_id}").text
    page = client.get(f"/view/{report_id}/store", params={"store_id": store}).text
    assert f"<bdi>{without_controls(store)}</bdi>" in fleet
    assert f'<bdi class="id">{without_controls(store)}</bdi>' in page
    shown = isolated(store)
    assert f'title="{shown}"' in fleet
    assert f"<title>{shown} · store-uptime</title>" in page
    assert "\u202e" not in fleet


def test_nor_does_it_where_a_script_writes_it(chromium: Browser, service: Service, report_id: str) -> None:
    with opened(chromium, service.url) as page:
        page.goto(f"/view/{report_id}")
        ready(page)
        links = page.locator("#fleet tbody tr[aria-rowindex] th a")
        assert sorted(links.locator("bdi").all_text_contents()) == sorted(map(without_controls, HOSTILE))
        titles = links.evaluate_all("links => links.map((link) => link.title)")
        assert {isolated(store) for store in TURNED} <= set(titles)
        assert "\u202e" not in "".join(titles)


def test_a_csv_may_be_had_that_is_safe_for_spreadsheets(client: httpx.Client, report_id: str) -> None:
    address = f"/get_report/{report_id}"
    plain, safe = client.get(address), client.get(address, params={"csv_safe": True})
    ids = [row["store_id"] for row in csv.DictReader(io.StringIO(safe.content.decode(), newline=""))]
    assert sorted(ids) == sorted(f"'{store}" if store[0] in "=+-@\t\r" else store for store in HOSTILE)
    assert safe.headers["ETag"] != plain.headers["ETag"]
    by_query = client.get("/get_report", params={"report_id": report_id, "csv_safe": True})
    assert by_query.content == safe.content
    for file_format in ("json", "xlsx"):
        same = [client.get(address, params={"format": file_format, "csv_safe": each}) for each in (True, False)]
        assert same[0].headers["ETag"] == same[1].headers["ETag"]


def test_rejected_rows_may_be_had_so_too(client: httpx.Client, report_id: str) -> None:
    address = f"/reports/{report_id}/rejects"
    rows = client.get(address, params={"table": "hours", "csv_safe": True}).content.decode()
    assert ",'@x," in rows
    assert ",@x," in client.get(address, params={"table": "hours"}).content.decode()


# Bodies, heads, connections -------------------------------------------------------------------------------------------

TRIGGER = b"POST /trigger_report HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


def test_a_body_that_is_said_to_be_too_large_is_not_waited_for(service: Service) -> None:
    said = sent_raw(service, TRIGGER + b"Connection: close\r\nContent-Length: 65537\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"larger than the server takes" in said


def test_a_body_that_turns_out_too_large_is_refused_before_its_end(service: Service) -> None:
    with refused_at_length(service) as client:
        assert not is_closed(client)


@contextmanager
def refused_at_length(service: Service) -> Generator[socket.socket]:
    """A connection with a body that was refused, and of which there is still more to come."""
    with connection(service) as lavish:
        lavish.settimeout(20)
        lavish.sendall(TRIGGER + b"Transfer-Encoding: chunked\r\n\r\nffffff\r\n" + b" " * 70_000)
        said = b""
        while b'"error"' not in said:
            said += lavish.recv(1 << 16)
        assert said.startswith(b"HTTP/1.1 413 ")
        yield lavish


def test_the_rest_of_a_refused_body_is_no_further_request(client: httpx.Client) -> None:
    for _ in range(20):
        problem(client.post("/trigger_report", content=b"GET / HTTP/1.1\r\n\r\n" * 4_000), 413)
        assert client.get("/health").is_success


BODIES = {
    "deep": b"[" * 60_000,
    "deep objects": b'{"store_id":' * 5_000,
    "a large number": b'{"store_id":' + b"9" * 60_000 + b"}",
    "not UTF-8": b'{"store_id":"\xff"}',
    "compressed": b"\x1f\x8b\x08\x00",
    "half a surrogate pair": b'{"store_id":"\\ud800"}',
    "a zero byte": b'{"store_id":"a\\u0000b"}',
    "a key twice": b'{"store_id":"a","store_id":["b"]}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_strange_body_is_a_bad_request(client: httpx.Client, body: bytes) -> None:
    problem(client.post("/trigger_report", content=body, headers={"Content-Type": "application/json"}), 400)


def test_a_body_that_trickles_is_given_up_while_others_are_served(service: Service, client: httpx.Client) -> None:
    with connection(service) as slow:
        slow.settimeout(20)
        slow.sendall(TRIGGER + b"Content-Length: 60\r\n\r\n")
        statuses: list[int] = []
        for _ in range(30):
            try:
                slow.sendall(b" ")
            except OSError:
                break  # it has closed
            statuses.append(client.get("/health").status_code)
            time.sleep(0.1)
        said = all_of(slow)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"took longer than 1 second" in said
    assert set(statuses) == {200}
    assert trigger(client)


def test_a_client_that_goes_in_the_middle_of_its_body_is_no_mistake_of_ours(service: Service) -> None:
    with connection(service) as leaver:
        leaver.sendall(TRIGGER + b"X-Request-ID: the-leaver\r\nContent-Length: 60\r\n\r\n{")
    eventually(lambda: log_lines(service, request_id="the-leaver"))
    assert [(line["level"], line["status"]) for line in log_lines(service, request_id="the-leaver")] == [("info", 400)]


def test_who_leaves_behind_several_requests_ends_the_one_that_is_answered(service: Service, report_id: str) -> None:
    asked = f"GET /get_report/{report_id}?format=xlsx HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-ID: leaver-%d\r\n\r\n"
    with connection(service) as leaver:
        leaver.sendall(b"".join((asked % number).encode() for number in range(3)))
    eventually(lambda: log_lines(service, request_id="leaver-0"))
    assert [line["status"] for line in log_lines(service, request_id="leaver-0")] == [GONE]
    assert [log_lines(service, request_id=f"leaver-{number}") for number in (1, 2)] == [[], []]


@pytest.mark.parametrize(
    "head", [b"X: " + b"x" * 300_000, b"\r\n".join(b"X-%d: x" % n for n in range(30_000))], ids=["long", "many"]
)
def test_a_huge_head_is_refused(service: Service, client: httpx.Client, head: bytes) -> None:
    said = sent_raw(service, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n", head, b"\r\n\r\n")
    assert re.match(rb"HTTP/1.1 (400|431) ", said)
    assert client.get("/health").is_success


@pytest.mark.parametrize("length", [20_000, 300_000])
def test_a_huge_address_is_refused(service: Service, length: int) -> None:
    said = sent_raw(service, b"GET /get_report/" + b"a" * length + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 400 ")


def test_idle_connections_stop_nobody(service: Service, client: httpx.Client) -> None:
    with ExitStack() as idle:
        for n in range(400):
            held = idle.enter_context(connection(service))
            if n % 2:
                held.sendall(TRIGGER)  # and then nothing
        assert client.get("/reports").is_success
        assert client.get("/ready").is_success


def test_who_does_not_come_to_an_end_is_given_up(service: Service) -> None:
    """A head that never begins, one that trickles, one on a connection that has served before, a refused body."""
    with (
        connection(service) as silent,
        connection(service) as slow,
        connection(service) as used,
        refused_at_length(service) as body,
    ):
        used.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert used.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
        waiting, begun = {silent: b"", slow: b"G", used: b"G", body: b" "}, time.monotonic()
        while waiting:
            assert time.monotonic() < begun + 30
            waiting = {one: more for one, more in waiting.items() if not is_closed(one)}
            for one, more in waiting.items():
                with suppress(BrokenPipeError, ConnectionResetError):
                    one.sendall(more)
            time.sleep(0.5)
        assert time.monotonic() > begun + HEAD_S / 2


def is_closed(to_server: socket.socket) -> bool:
    """Whether the server has ended a connection."""
    to_server.settimeout(0.01)
    try:
        return to_server.recv(1 << 16) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


# Other sites ----------------------------------------------------------------------------------------------------------

FOREIGN = {
    "a post from another site": {"Origin": "http://evil.example"},
    "from a frame without an origin": {"Origin": "null"},
    "from another port of this machine": {"Origin": "http://127.0.0.1:1"},
    "from what is no origin": {"Origin": "http://["},
    "from a name that begins like ours": {"Origin": "{url}.evil.example"},
    "from a site that hides behind ours": {"Origin": "http://evil.example#{url}"},
    "by a browser that says so": {"Sec-Fetch-Site": "cross-site"},
    "from a neighbour": {"Sec-Fetch-Site": "same-site"},
    "from another site, its origin forged": {"Origin": "{url}", "Sec-Fetch-Site": "cross-site"},
}
OURS: dict[str, dict[str, str]] = {
    "a script": {},
    "our page": {"Origin": "{url}", "Sec-Fetch-Site": "same-origin"},
    "our page in an older browser": {"Origin": "{url}"},
    "the address bar": {"Sec-Fetch-Site": "none"},
    "our page under another name of ours": {
        "Origin": "https://uptime.example",
        "Host": "uptime.example",
        "Sec-Fetch-Site": "same-origin",
    },
}


def filled(headers: dict[str, str], server: Service) -> dict[str, str]:
    return {name: value.format(url=server.url) for name, value in headers.items()}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_nothing_is_changed_for_another_site(
    service: Service, client: httpx.Client, report_id: str, headers: dict[str, str]
) -> None:
    simple = {"Content-Type": "text/plain", **filled(headers, service)}
    assert "other sites" in problem(client.post("/trigger_report", content="{}", headers=simple), 403)
    problem(client.delete(f"/reports/{report_id}", headers=simple), 403)
    problem(client.post("/session", json={"key": "x"}, headers=filled(headers, service)), 403)
    assert client.get(f"/reports/{report_id}").is_success


@pytest.mark.parametrize("headers", OURS.values(), ids=OURS)
def test_our_own_page_and_scripts_are_served(service: Service, client: httpx.Client, headers: dict[str, str]) -> None:
    assert client.post("/trigger_report", headers=filled(headers, service)).status_code == 202


def test_another_site_may_not_read_either(client: httpx.Client) -> None:
    answer = client.get("/reports", headers={"Origin": "http://evil.example"})
    assert [name for name in answer.headers if name.lower().startswith("access-control")] == []
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.", ""])
def test_under_a_name_that_is_not_ours_nothing_is_told(client: httpx.Client, host: str) -> None:
    assert "--allowed-host" in problem(client.get("/reports", headers={"Host": host}), 403)
    problem(client.post("/trigger_report", headers={"Host": host}), 403)


@pytest.mark.parametrize("host", ["127.0.0.1:9", "localhost", "LOCALHOST:8000", "[::1]:8000", "uptime.example:443"])
def test_each_of_our_names_will_do(client: httpx.Client, host: str) -> None:
    assert client.get("/reports", headers={"Host": host}).is_success


# What every answer says -----------------------------------------------------------------------------------------------


def test_every_answer_has_the_headers_that_protect(service: Service, client: httpx.Client, report_id: str) -> None:
    answers = {
        200: [client.get(path) for path in ("/", "/schema", SCRIPT, "/schema/files/swagger-ui.css", "/ready")],
        202: [client.post("/trigger_report")],
        304: [client.get(f"/get_report/{report_id}", headers={"If-None-Match": file_tag(client, report_id)})],
        400: [client.post("/trigger_report", content="{")],
        403: [client.get("/reports", headers={"Host": "evil.example"})],
        404: [client.get("/nothing"), client.get("/page/nothing"), client.get(f"/view/{UNKNOWN}")],
        405: [client.put("/trigger_report"), client.post(SCRIPT)],
        413: [client.post("/trigger_report", content=b" " * 65_537)],
    }
    for status, given in answers.items():
        for answer in given:
            assert answer.status_code == status, answer.text
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS
            assert "Server" not in answer.headers


def file_tag(client: httpx.Client, report_id: str) -> str:
    return client.get(f"/get_report/{report_id}").headers["ETag"]


def test_a_mistake_of_ours_tells_nothing_of_the_inside(polled: str, database: str) -> None:
    with running(polled, "--registry", database) as server, server.client() as client:
        run(database, "insert into store_uptime.report (id, options, client) values (repeat('0', 32), '[]', '')")
        answer = client.get("/reports")
        assert problem(answer, 500) == "Something went wrong in the server; its log has the details."
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert [line["event"] for line in log_lines(server, level="error")] == ["unexpected error"]


def test_nobody_on_its_way_keeps_what_is_private(client: httpx.Client, report_id: str) -> None:
    file = client.get(f"/get_report/{report_id}")
    again = client.get(f"/get_report/{report_id}", headers={"If-None-Match": file.headers["ETag"]})
    assert again.status_code == 304
    answers = [file, again]
    answers += [client.get(path) for path in ("/", "/history", f"/reports/{report_id}", "/nothing", "/metrics")]
    answers += [client.get(f"/reports/{report_id}/{part}") for part in ("status", "events", "rejects?table=polls")]
    answers += [client.get(f"/view/{report_id}/fleet.json"), client.post("/trigger_report"), client.get("/stores?x")]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    files = [client.get(path) for path in (SCRIPT, "/schema/openapi.json", "/schema/files/swagger-ui.css")]
    assert all("public" in answer.headers["Cache-Control"] for answer in files)


def test_the_policy_allows_nothing_from_elsewhere_and_no_code_in_a_page() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; ")
    assert "unsafe" not in policy
    assert not re.search(r"https?:|\*", policy)
    assert "frame-ancestors 'none'" in policy


class Page(HTMLParser):
    """What of a page the policy would not allow, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.loads: list[str] = []
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within = tag
        self.inline += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]

    def handle_data(self, data: str) -> None:
        if self._within in ("script", "style") and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._within = ""


@pytest.mark.parametrize("path", ["/", "/schema"])
def test_a_page_obeys_the_policy(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["Content-Type"].startswith("text/html")
    page = Page(answer.text)
    assert page.inline == []
    assert len(page.loads) > 2
    for address in page.loads:
        assert address == "data:," or client.get(address).is_success, address


def test_what_our_scripts_show_is_text() -> None:
    script = "".join(file.read_text(encoding="utf-8") for file in ASSETS.glob("*.js"))
    assert len(script) > 10_000
    assert [
        word for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(") if word in script
    ] == []


# How many requests ----------------------------------------------------------------------------------------------------


def test_who_asks_too_often_hears_when_to_ask_again(polled: str) -> None:
    with started(polled, "--rate-limit", "20", "--proxies", "127.0.0.3") as server:
        with server.client(headers={"X-Forwarded-For": "203.0.113.1"}) as liar:
            answers = [liar.get("/health", headers={"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(21)]
            assert [answer.status_code for answer in answers] == [200] * 20 + [429]
            assert "Retry-After" in problem(answers[-1], 429)
            assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
            assert {name: answers[-1].headers[name] for name in HEADERS} == HEADERS
        proxy = httpx.HTTPTransport(local_address="127.0.0.3")
        with server.client(transport=proxy) as client:
            for n in range(25):
                assert client.get("/health", headers={"X-Forwarded-For": f"203.0.113.{n}"}).is_success
            forged = {"X-Forwarded-For": "203.0.113.99, 198.51.100.7"}  # the proxy has added the last one
            statuses = [client.get("/health", headers=forged).status_code for _ in range(21)]
            assert (statuses[0], statuses[-1]) == (200, 429)
        eventually(
            lambda: {"127.0.0.1", "203.0.113.5", "198.51.100.7"} <= {line.get("client") for line in server.logged()}
        )


def test_who_is_told_by_a_proxy_that_was_not_named_is_whoever_has_called(
    service: Service, client: httpx.Client
) -> None:
    told = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Request-ID": "not-believed"}
    client.get("/health", headers=told).raise_for_status()
    eventually(lambda: log_lines(service, request_id="not-believed"))
    assert [line["client"] for line in log_lines(service, request_id="not-believed")] == ["127.0.0.1"]
    assert [line["client"] for line in service.logged() if "--proxies" in line["event"]] == ["127.0.0.1"]


# Logs -----------------------------------------------------------------------------------------------------------------


def test_a_request_is_one_line_with_the_id_that_its_answer_has(
    service: Service, client: httpx.Client, report_id: str
) -> None:
    answer = client.get(f"/get_report/{report_id}", headers={"X-Request-ID": "check-1234.5_6"})
    assert answer.headers["X-Request-ID"] == "check-1234.5_6"
    eventually(lambda: log_lines(service, request_id="check-1234.5_6"))
    (line,) = log_lines(service, request_id="check-1234.5_6")
    assert line["event"] == "request"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/get_report/{report_id}", 200)
    assert (line["report"], line["key"], line["client"]) == (report_id[:8], None, "127.0.0.1")
    assert line["milliseconds"] > 0


@pytest.mark.parametrize("given", ["", "short", "x" * 65, 'say "so"', "a{b}c:d/e.f", "żółw-żółw".encode()])
def test_a_request_id_that_is_none_is_replaced(service: Service, client: httpx.Client, given: str | bytes) -> None:
    answer = client.get(
        "/nothing", headers={"X-Request-ID": given} if isinstance(given, str) else {b"X-Request-ID": given}
    )
    request_id = answer.headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{16}", request_id)
    eventually(lambda: log_lines(service, request_id=request_id))
    assert [(line["path"], line["status"]) for line in log_lines(service, request_id=request_id)] == [("unknown", 404)]


@contextmanager
def guarded_database(guarded: Cluster, feed: Path) -> Generator[str]:
    """The URL of a database whose user has a password, with the feed in it."""
    with fresh_database(guarded.socket_url) as trusted:
        name = urlsplit(trusted).path.removeprefix("/")
        run(guarded.socket_url, f'alter database "{name}" owner to me')
        url = network_url(guarded.port, "me", PASSWORD, name)
        loaded(url, feed)
        yield url


def test_neither_logs_nor_metrics_nor_process_lists_hold_what_opens_something(guarded: Cluster, feed: Path) -> None:
    with guarded_database(guarded, feed) as url:
        key = keys("add", "ada", STORE_UPTIME_DATABASE=url)[0].strip()
        with running("", STORE_UPTIME_DATABASE=url) as server, server.client() as client:
            secrets = [PASSWORD, network_part(url), key, key.split("_", 2)[2]]
            with_key = bearer(key)
            told = client.post("/session", json={"key": key}).json()
            secrets += [client.cookies[COOKIE], told["csrf_token"]]
            by_cookie = {CSRF_HEADER: told["csrf_token"]}
            report_id = client.post("/trigger_report", headers=by_cookie).json()["report_id"]
            secrets.append(report_id)
            assert finished(client, report_id)["status"] == "Complete"
            command_lines = [" ".join(process.cmdline()) for process in family(server)]
            assert len(command_lines) >= 2
            assert client.get(f"/get_report/{report_id}").is_success
            client.get("/get_report", params={"report_id": report_id, "key": key})
            client.get(f"/get_report/{report_id}/{key}")
            client.get(f"/reports/{report_id}/events")
            client.post("/session", json={"key": f"{key}x"})
            client.post("/session", json={"key": key, "more": key})
            client.get("/reports", headers={"Authorization": f"Bearer {key}x"})
            client.get("/reports", headers={"X-Request-ID": key[:20]})
            client.delete(f"/reports/{report_id}", headers=by_cookie)
            run(url, "alter table timezones rename to elsewhere")
            assert finished(
                client, client.post("/trigger_report", headers=with_key).json().get("report_id") or report_id
            )
            metrics = client.get("/metrics", headers=with_key).text
            run(guarded.socket_url, "alter role me password 'another'")
            run(guarded.socket_url, "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'me'")
            try:
                eventually(lambda: client.get("/reports").status_code == 503, 30)
                eventually(lambda: b"waiting for it" in server.log.read_bytes(), 30)
            finally:
                run(guarded.socket_url, f"alter role me password '{PASSWORD}'")
            eventually(lambda: client.get("/reports").is_success, 60)
            log = server.log.read_text(encoding="utf-8")
    assert "store_uptime_http" in metrics or "store_uptime_requests_total" in metrics
    for secret in secrets:
        assert secret not in log
        assert secret not in metrics
        assert secret not in "\n".join(command_lines)
    assert report_id[:8] in log


def network_part(url: str) -> str:
    """The password as it stands in an address."""
    return url.partition("@")[0].rpartition(":")[2]


def family(server: Service) -> list[psutil.Process]:
    """The server and its workers."""
    return [psutil.Process(server.process.pid), *workers_of(server)]
