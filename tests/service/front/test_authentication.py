"""Who may ask: API keys, the command that makes and revokes them, and the sessions that the page begins with one."""

import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.routes import HTTPRoute
from litestar.template import TemplateConfig

from store_uptime.service.app import HANDLERS
from store_uptime.service.front.authentication import COOKIE, CSRF_HEADER, key_grant
from store_uptime.service.front.proxies import FOR, forwarded_client, header_values
from store_uptime.service.networks import NoProxy, proxy_networks
from store_uptime.service.page import views
from store_uptime.service.page.templates import ASSETS as ASSET_FOLDER, assets_path, template_engine
from store_uptime.service.registry.grants import Role
from store_uptime.service.testing import Service
from tests.support.feeds import called
from tests.support.postgres import eventually, fresh_database, run
from tests.support.running import bearer, finished, held_up, keys, log_lines, new_key, problem, running, trigger

pytestmark = pytest.mark.long  # servers of their own

KEY = re.compile(r"su_[0-9a-f]{8}_[\w-]{43}\n")
ASSETS = [f"{assets_path()}/{file.name}" for file in ASSET_FOLDER.iterdir()]
OPEN = [*ASSETS, "/health", "/ready"]
OPEN_TOO = [
    "/schema",
    "/schema/openapi.json",
    "/schema/openapi.yaml",
    "/schema/page/start.js",
    "/schema/files/swagger-ui.css",
]
NO_ID = "0" * 32


@pytest.fixture(scope="module")
def registry(server: str) -> Iterator[str]:
    with fresh_database(server) as url:
        yield url


@pytest.fixture(scope="module")
def service(polled: str, registry: str) -> Iterator[Service]:
    with running(polled, "--registry", registry, "--proxies", "127.0.0.1") as service:
        yield service


@pytest.fixture(scope="module")
def key(registry: str) -> str:
    """A key of the service that most of the tests call; so it answers nobody without one."""
    return new_key(registry, "ada")


@pytest.fixture
def stranger(service: Service, key: str) -> Iterator[httpx.Client]:
    """A client that shows nothing."""
    with service.client() as client:
        yield client


@pytest.fixture
def ada(service: Service, key: str) -> Iterator[httpx.Client]:
    """A client that shows its key."""
    with service.client(headers=bearer(key)) as client:
        yield client


@pytest.fixture
def browser(stranger: httpx.Client, key: str) -> httpx.Client:
    """A client that has signed in, and has a cookie."""
    place = {"X-Forwarded-For": "203.0.113.21"}  # from one address come only so many in a minute
    assert stranger.post("/session", json={"key": key}, headers=place).status_code == 201
    return stranger


# The command ----------------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_on_stdout_alone(database: str) -> None:
    out, err = keys("add", "shop", "--registry", database)
    assert KEY.fullmatch(out)
    assert err == "key 'shop'; it is not shown again:\n"
    listed = keys("list", "--registry", database)
    headings, row = listed[0].splitlines()
    assert headings.split("\t") == ["name", "key", "role", "made", "ends", "last_used", "state"]
    assert row.split("\t")[:2] == ["shop", f"{out[:11]}_…"]
    assert out[12:].strip() not in "".join(listed)


def test_a_key_has_a_role_an_end_and_a_last_use(database: str) -> None:
    new_key(database, "old")
    new_key(database, "reader", "--role", "read", "--expires", "90d")
    new_key(database, "maker", "--role", "trigger", "--expires", "2999-12-31T23:30:00+01:00")
    rows = [line.split("\t") for line in keys("list", "--registry", database)[0].splitlines()[1:]]
    in_90_days = f"{datetime.now(UTC) + timedelta(days=90):%Y-%m-%d}"
    assert [[row[0], row[2], row[4][:10], row[5], row[6]] for row in rows] == [
        ["old", "admin", "never", "never", "valid"],
        ["reader", "read", in_90_days, "never", "valid"],
        ["maker", "trigger", "2999-12-31", "never", "valid"],
    ]


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("0h", "more than 0h"),
        ("2001-01-01", "is over already"),
        ("1w", "write how long it lasts, 90d or 12h, or until when, 2026-12-31"),
        ("2026-13-01", "there is no such day"),
        ("999999999d", "outside the calendar"),
    ],
)
def test_what_can_be_no_end_is_told(end: str, told: str) -> None:
    assert told in keys("add", "shop", "--expires", end, status=2)[1]


def test_where_there_is_no_key_that_is_said_on_stderr(database: str) -> None:
    assert keys("list", "--registry", database) == (
        "",
        "there is no key yet: store-uptime keys add NAME makes one.\n",
    )


def test_a_key_is_listed_as_valid_until_it_is_revoked(database: str) -> None:
    new_key(database, "shop")
    assert keys("list", "--registry", database)[0].endswith("\tvalid\n")
    assert keys("revoke", "shop", "--registry", database) == ("", "key 'shop' is revoked\n")
    assert re.search(r"\trevoked \d{4}-\d\d-\d\d\n$", keys("list", "--registry", database)[0])


def test_a_name_is_used_once_even_after_it_was_revoked(database: str) -> None:
    new_key(database, "shop")
    keys("revoke", "shop", "--registry", database)
    out, err = keys("add", "shop", "--registry", database, status=1)
    assert (out, err) == ("", "store-uptime: there is a key 'shop' already. Choose another name.\n")


def test_only_a_valid_key_can_be_revoked(database: str) -> None:
    _, unknown = keys("revoke", "nobody", "--registry", database, status=1)
    assert unknown.startswith("store-uptime: there is no key 'nobody' that could be revoked.")
    new_key(database, "shop")
    keys("revoke", "shop", "--registry", database)
    keys("revoke", "shop", "--registry", database, status=1)


def test_the_keys_are_in_the_database_of_the_tables_where_no_registry_is_named(database: str) -> None:
    keys("add", "shop", "--database", database)
    assert keys("list", "--registry", database)[0].splitlines()[1].startswith("shop\t")


def test_a_registry_that_does_not_answer_is_told_in_one_line_without_the_password() -> None:
    _, err = keys("list", "--registry", "postgresql://me:hunter2@127.0.0.1:1/none", status=1)
    assert err.startswith("store-uptime: cannot reach postgresql://me@127.0.0.1:1/none: ")
    assert err.count("\n") == 1
    assert "hunter2" not in err


# The door -------------------------------------------------------------------------------------------------------------


def test_the_first_key_closes_the_door_and_revoking_the_last_does_not_open_it(polled: str, database: str) -> None:
    with running(polled, "--registry", database) as server, server.client() as client:
        assert client.get("/session").json() == {"key_name": None, "role": "admin", "csrf_token": None}
        assert client.get("/reports").status_code == 200
        key = new_key(database, "first")
        eventually(lambda: client.get("/reports").status_code == 401)
        assert client.get("/reports", headers=bearer(key)).status_code == 200
        keys("revoke", "first", "--registry", database)
        assert client.get("/reports", headers=bearer(key)).status_code == 401
        assert client.get("/reports").status_code == 401


def test_where_others_may_call_a_key_is_asked_for_though_there_is_none(polled: str, database: str) -> None:
    with running(polled, "--registry", database, "--host", "127.0.0.2") as server, server.client() as client:
        assert server.url.startswith("http://127.0.0.2:")
        problem(client.get("/reports"), 401)
        assert client.get("/reports", headers=bearer(new_key(database, "first"))).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/trends", "/changes", "/history", "/rule", "/compare"),
        *(f"/view/{NO_ID}", f"/view/{NO_ID}/data"),
    ],
)
def test_every_view_of_the_page_asks_for_a_key(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="store-uptime"'
    assert '<form id="sign-in"' in answer.text


@pytest.mark.parametrize(
    "path", ["/newest.json", f"/view/{NO_ID}/fleet.json", f"/view/{NO_ID}/store/days.json?store_id=a"]
)
def test_so_do_the_data_of_views(stranger: httpx.Client, path: str) -> None:
    problem(stranger.get(path), 401)


def test_every_address_asks_for_a_key_but_those_that_hold_no_data(stranger: httpx.Client) -> None:
    paths = stranger.get("/schema/openapi.json").json()["paths"]
    calls = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    closed = [call for call in [*calls, ("GET", "/reports/{report_id}/events")] if call[1] not in OPEN]
    closed.remove(("POST", "/session"))
    assert len(closed) > 10
    for method, path in closed:
        answer = stranger.request(method, path.replace("{report_id}", NO_ID))
        assert "API key" in problem(answer, 401), (method, path)
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="store-uptime"'
    assert [path for path in (*OPEN, *OPEN_TOO) if not stranger.get(path).is_success] == []


SHOWN = {
    "nothing": "",
    "an empty key": "Bearer",
    "garbage": "Bearer äöü",
    "the name": "Bearer ada",
    "another id": "Bearer su_00000000_{secret}",
    "another secret": "Bearer su_{id}_{other}",
    "a secret cut short": "Bearer su_{id}_{secret:.42}",
    "a secret with more": "Bearer {key}x",
    "no secret": "Bearer su_{id}_",
    "twice": "Bearer {key} {key}",
    "another scheme": "Basic {key}",
    "no scheme": "{key}",
    "very much": "Bearer {key:x<9000}",
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_only_the_whole_key_opens(shown: str, key: str, stranger: httpx.Client) -> None:
    _, key_id, secret = key.split("_", 2)
    other = secret.translate({ord(secret[0]): "A" if secret[0] != "A" else "B"})
    header = shown.format(key=key, id=key_id, secret=secret, other=other).encode("latin-1")
    problem(stranger.get("/reports", headers={b"Authorization": header}), 401)


def test_the_scheme_is_read_in_any_case(key: str, stranger: httpx.Client) -> None:
    assert stranger.get("/reports", headers={"Authorization": f"bEARER {key}"}).status_code == 200


def test_a_key_in_the_address_is_none(key: str, stranger: httpx.Client) -> None:
    assert stranger.get("/reports", params={"key": key, "Authorization": f"Bearer {key}"}).status_code == 401


def test_a_report_tells_whose_key_asked_for_it(ada: httpx.Client) -> None:
    report_id = trigger(ada)
    assert finished(ada, report_id)["requested_by"] == "ada"
    (listed,) = [report for report in ada.get("/reports").json()["reports"] if report["report_id"] == report_id]
    assert listed["requested_by"] == "ada"


def test_a_revoked_key_opens_nothing_at_once_nor_do_its_sessions(registry: str, stranger: httpx.Client) -> None:
    key = new_key(registry, "leaver")
    stranger.post("/session", json={"key": key})
    assert stranger.get("/reports").status_code == stranger.get("/reports", headers=bearer(key)).status_code == 200
    keys("revoke", "leaver", "--registry", registry)
    assert stranger.get("/reports").status_code == stranger.get("/reports", headers=bearer(key)).status_code == 401
    problem(stranger.post("/session", json={"key": key}), 401)


def test_nothing_that_opens_is_kept(registry: str, key: str, browser: httpx.Client) -> None:
    tables = [name for (name,) in run(registry, "select tablename from pg_tables where schemaname = 'store_uptime'")]
    assert {"api_key", "session"} <= set(tables)
    kept = "\n".join(
        str(row) for table in tables for row in run(registry, f"select t::text from store_uptime.{table} t")
    )
    assert "ada" in kept
    for secret in (key.split("_", 2)[2], browser.cookies[COOKIE]):
        assert secret not in kept
        assert secret.encode().hex() not in kept


def test_secrets_are_compared_in_constant_time() -> None:
    assert "compare_digest(row" in inspect.getsource(key_grant)
    assert "==" not in inspect.getsource(key_grant)


# Roles ----------------------------------------------------------------------------------------------------------------

DOCUMENTED = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")


def documented() -> dict[tuple[str, str], Role]:
    """The role that each call takes at least, by the table in docs/api.md."""
    needed: dict[tuple[str, str], Role] = {}
    for reads, triggers, calls in re.findall(r"^\| (yes|no) \| (yes|no) \| yes \| (.*) \|$", DOCUMENTED, re.MULTILINE):
        role = Role.READ if reads == "yes" else Role.TRIGGER if triggers == "yes" else Role.ADMIN
        for method, path in re.findall(r"`([A-Z]+) (\S+)`", calls):
            needed.setdefault((method, path), role)
    return needed


def routes() -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and options of every route, but those that tell methods, and the document of the API."""
    names = ("backend", "caller", "selection", "stores_chosen")
    given = {name: Provide(lambda: None, sync_to_thread=False) for name in names}
    templates = TemplateConfig(instance=template_engine())
    app = Litestar([*HANDLERS, views.views], template_config=templates, dependencies=given)
    return [
        (str(method), re.sub(r"{[^}]*}", "ID", route.path), handler.opt)
        for route in app.routes
        if isinstance(route, HTTPRoute) and not route.path.startswith("/schema")
        for handler in route.route_handlers
        for method in handler.http_methods
        if method != "OPTIONS"
    ]


def test_every_route_says_which_role_it_needs_and_the_docs_say_the_same() -> None:
    said = {(method, path): options.get("role") for method, path, options in routes() if options.get("role")}
    open_to_all = {(method, path) for method, path, options in routes() if options.get("exclude_from_auth")}
    assert said == documented()
    assert open_to_all == {("POST", "/session"), ("GET", "/health"), ("GET", "/ready")}
    assert len(said) + len(open_to_all) == len(routes())


def test_each_role_may_do_what_the_docs_say_and_nothing_else(
    stranger: httpx.Client, registry: str, ada: httpx.Client
) -> None:
    shown = {role: bearer(new_key(registry, f"a {role}", "--role", role)) for role in Role}
    told = ada.get("/schema/openapi.json").json()["paths"]
    for (method, path), needed in documented().items():
        place = path.replace("ID", NO_ID if path.startswith("/reports") else "never")
        body = {"never": "a member"} if method in ("POST", "PUT") and not path.endswith(("run", "data")) else None
        for role, key in shown.items():
            answer = stranger.request(method, place, headers=key, json=body)
            allowed = list(Role).index(role) >= list(Role).index(needed)
            assert (answer.status_code == 403) == (not allowed), (method, path, role, answer.text)
            if not allowed:
                assert f"needs a key with the role {needed}; 'a {role}' has" in problem(answer, 403)
    for path, methods in told.items():
        for method, operation in methods.items():
            needed = documented().get((method.upper(), re.sub(r"{[^}]*}", "ID", path)))
            assert operation["security"] == ([{}] if needed is None else [{}, {"key": [needed]}]), path


def test_a_trigger_cancels_what_it_has_asked_for_and_nothing_else(
    polled: str, registry: str, stranger: httpx.Client, ada: httpx.Client
) -> None:
    maker = bearer(new_key(registry, "maker", "--role", "trigger"))
    with held_up(polled):
        own = stranger.post("/trigger_report", json={"lookback": "31h"}, headers=maker).json()["report_id"]
        other = trigger(ada, lookback="32h")
        assert stranger.delete(f"/reports/{own}", headers=maker).status_code == 204
        assert "the role admin" in problem(stranger.delete(f"/reports/{other}", headers=maker), 403)
        assert ada.delete(f"/reports/{other}").status_code == 204
    assert ada.get(f"/reports/{own}/status").json()["error"] == "It was cancelled."
    assert "the role admin" in problem(stranger.delete(f"/reports/{own}", headers=maker), 403)


def test_a_session_may_do_what_its_key_may_and_ends_with_it(registry: str, stranger: httpx.Client) -> None:
    key = new_key(registry, "guest", "--role", "read", "--expires", "1h")
    told = stranger.post("/session", json={"key": key}).json()
    assert told["role"] == "read"
    assert "the role trigger" in problem(
        stranger.post("/trigger_report", headers={CSRF_HEADER: told["csrf_token"]}), 403
    )
    shown = "".join(stranger.get(path).text for path in ("/", "/timetable", "/history"))
    assert shown.count("Sign out") == 3
    assert not re.search(r'id="(trigger|schedule|sample-data)"|data-(run|remove|delete|cancel|again)=', shown)
    kept = "select expires_at <= now() + interval '1 hour' from store_uptime.session where key_name = 'guest'"
    assert run(registry, kept) == [(True,)]
    run(registry, "update store_uptime.api_key set expires_at = now() where name = 'guest'")
    problem(stranger.get("/reports"), 401)
    problem(stranger.get("/reports", headers=bearer(key)), 401)
    assert "\tended\n" in keys("list", "--registry", registry)[0]


def test_events_end_with_the_key_that_began_them(
    polled: str, registry: str, ada: httpx.Client, stranger: httpx.Client
) -> None:
    shown = bearer(new_key(registry, "follower", "--role", "read"))
    with held_up(polled):
        report_id = trigger(ada, lookback="5h")
        assert stranger.head(f"/reports/{report_id}/events", headers=shown).is_success
        assert stranger.get("/health").is_success  # over the same connection: only the head was waited for
        with stranger.stream("GET", f"/reports/{report_id}/events", headers=shown) as events:
            arriving = events.iter_lines()
            assert next(arriving) == "event: progress"
            run(registry, "update store_uptime.api_key set revoked_at = now() where name = 'follower'")
            assert all(not line or line.startswith(("event: progress", "data: ")) for line in arriving)
    finished(ada, report_id)


def test_when_a_key_was_last_used_is_written_once_a_minute(registry: str, stranger: httpx.Client) -> None:
    used = bearer(new_key(registry, "user", "--role", "read"))
    last = "select last_used_at from store_uptime.api_key where name = 'user'"
    stranger.get("/reports", headers=used).raise_for_status()
    eventually(lambda: run(registry, last) != [(None,)])
    before = run(registry, last)
    for _ in range(3):
        stranger.get("/reports", headers=used).raise_for_status()
    assert run(registry, last) == before


# Sessions -------------------------------------------------------------------------------------------------------------


def test_signing_in_gives_a_cookie_that_no_script_and_no_other_site_can_use(stranger: httpx.Client, key: str) -> None:
    answer = stranger.post("/session", json={"key": key})
    assert answer.status_code == 201
    cookie = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "strict", "/")
    assert cookie["max-age"] == "43200"
    assert not cookie["secure"]
    assert len(cookie.value) == 43
    assert cookie.value not in answer.text
    told = answer.json()
    assert told["key_name"] == "ada"
    assert stranger.get("/session").json() == told


def test_behind_a_proxy_that_speaks_tls_the_cookie_is_for_tls_alone(stranger: httpx.Client, key: str) -> None:
    answer = stranger.post("/session", json={"key": key}, headers={"X-Forwarded-Proto": "https"})
    assert SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]["secure"]


@pytest.mark.parametrize("shown", ["", "ada", "su_\0_x", "su_00000000_" + "x" * 43, "x" * 200])
def test_signing_in_takes_a_whole_key(shown: str, stranger: httpx.Client) -> None:
    answer = stranger.post("/session", json={"key": shown})
    problem(answer, 401)
    assert "Set-Cookie" not in answer.headers


def test_a_key_to_sign_in_with_has_its_length(stranger: httpx.Client) -> None:
    assert "text of at most 200 characters" in problem(stranger.post("/session", json={"key": "x" * 201}), 400)


@pytest.mark.parametrize("token", [None, "", "x" * 43, "ä"])
def test_by_cookie_nothing_is_changed_without_the_token(token: str | None, browser: httpx.Client) -> None:
    shown: dict[bytes, bytes] = {} if token is None else {CSRF_HEADER.encode(): token.encode()}
    for method, path in [("POST", "/trigger_report"), ("DELETE", f"/reports/{NO_ID}"), ("DELETE", "/session")]:
        assert CSRF_HEADER in problem(browser.request(method, path, headers=shown), 403)
    assert browser.get("/reports").status_code == 200


def test_by_cookie_and_token_all_goes(browser: httpx.Client) -> None:
    token = {CSRF_HEADER: browser.get("/session").json()["csrf_token"]}
    answer = browser.post("/trigger_report", headers=token)
    assert answer.status_code == 202
    report_id = answer.json()["report_id"]
    assert finished(browser, report_id)["status"] == "Complete"
    problem(browser.delete(f"/reports/{NO_ID}", headers=token), 404)


def test_the_token_of_another_session_will_not_do(service: Service, browser: httpx.Client, key: str) -> None:
    with service.client() as other:
        token = other.post("/session", json={"key": key}).json()["csrf_token"]
    problem(browser.post("/trigger_report", headers={CSRF_HEADER: token}), 403)


def test_a_key_needs_no_token(ada: httpx.Client) -> None:
    assert ada.post("/trigger_report").status_code == 202
    assert ada.get("/session").json() == {"key_name": "ada", "role": "admin", "csrf_token": None}


def test_signing_out_ends_the_session_wherever_its_cookie_still_is(service: Service, browser: httpx.Client) -> None:
    cookie, token = browser.cookies[COOKIE], browser.get("/session").json()["csrf_token"]
    assert browser.delete("/session", headers={CSRF_HEADER: token}).status_code == 204
    assert COOKIE not in browser.cookies
    with service.client(cookies={COOKIE: cookie}) as thief:
        problem(thief.get("/reports"), 401)


def test_a_session_ends_by_itself(registry: str, browser: httpx.Client) -> None:
    token = browser.get("/session").json()["csrf_token"]
    run(registry, f"update store_uptime.session set expires_at = now() where csrf_token = '{token}'")
    problem(browser.get("/reports"), 401)
    problem(browser.post("/trigger_report", headers={CSRF_HEADER: token}), 401)


def test_a_made_up_cookie_opens_nothing(stranger: httpx.Client) -> None:
    for value in ("", "x", "x" * 43, "%00", '"', "ä".encode().decode("latin-1")):
        problem(stranger.get("/reports", headers={b"Cookie": f"{COOKIE}={value}".encode()}), 401)


def test_who_guesses_keys_has_to_wait(stranger: httpx.Client, key: str) -> None:
    guesser = {"X-Forwarded-For": "203.0.113.9"}
    guess = {"key": "su_00000000_" + "x" * 43}
    assert [stranger.post("/session", json=guess, headers=guesser).status_code for _ in range(20)] == [401] * 20
    answer = stranger.post("/session", json={"key": key}, headers=guesser)
    assert "Retry-After" in problem(answer, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert stranger.post("/session", json={"key": key}, headers={"X-Forwarded-For": "203.0.113.10"}).is_success


def test_another_address_of_the_same_network_of_ipv6_is_no_other_guesser(stranger: httpx.Client) -> None:
    guess = {"key": "su_00000000_" + "x" * 43}
    guesses = [
        stranger.post("/session", json=guess, headers={"X-Forwarded-For": f"2001:db8:0:{network}::{host:x}"})
        for network, host in [(1, host) for host in range(21)] + [(2, 0)]
    ]
    assert [answer.status_code for answer in guesses] == [401] * 20 + [429, 401]


def test_with_a_revoked_key_nobody_gets_what_others_have_asked_for(
    ada: httpx.Client, stranger: httpx.Client, registry: str
) -> None:
    bob = bearer(new_key(registry, "bob"))
    report_id = trigger(ada)
    assert finished(ada, report_id)["status"] == "Complete"
    assert stranger.get(f"/get_report/{report_id}", headers=bob).headers["X-Report-Status"] == "Complete"
    keys("revoke", "bob", "--registry", registry)
    for method, path in (
        ("GET", f"/get_report/{report_id}"),
        ("GET", f"/get_report?report_id={report_id}"),
        ("GET", f"/reports/{report_id}"),
        ("GET", f"/reports/{report_id}/events"),
        ("GET", f"/reports/{report_id}/rejects?table=polls"),
        ("DELETE", f"/reports/{report_id}"),
    ):
        problem(stranger.request(method, path, headers=bob), 401)
    assert ada.get(f"/get_report/{report_id}").headers["X-Report-Status"] == "Complete"


# Proxies --------------------------------------------------------------------------------------------------------------

NAMED = proxy_networks("127.0.0.1, ::1,10.0.0.0/8")
TOLD = {
    "one hop": ("203.0.113.7", "203.0.113.7"),
    "what the client wrote stands first": ("1.1.1.1, 203.0.113.7", "203.0.113.7"),
    "named proxies are passed over": ("1.1.1.1, 203.0.113.7, 10.1.2.3, 127.0.0.1", "203.0.113.7"),
    "a port": ("203.0.113.7:4711", "203.0.113.7"),
    "version 6": ("2001:DB8::0:1", "2001:db8::1"),
    "version 6 in brackets": ("[2001:db8::1]", "2001:db8::1"),
    "version 6 with a port": ("[2001:db8::1]:4711", "2001:db8::1"),
    "version 4 mapped": ("::ffff:203.0.113.7", "203.0.113.7"),
    "a named proxy mapped": ("203.0.113.7, ::ffff:10.0.0.1", "203.0.113.7"),
    "only named proxies": ("10.0.0.9, 127.0.0.1", None),
    "text": ("10.0.0.1\tdeleted\tdeadbeef", None),
    "text behind an address": ("203.0.113.7, nobody", None),
    "a socket": ("unix:", None),
    "a zone": ("fe80::1%<script>", None),
    "a port that is none": ("203.0.113.7:x", None),
    "a port that is too large": ("203.0.113.7:65536", None),
    "a bracket that is open": ("[2001:db8::1", None),
    "an old way to write it": ("0xcb007107", None),
    "nothing": ("", None),
    "nothing at the end": ("203.0.113.7,", None),
}


@pytest.mark.parametrize(("told", "client"), TOLD.values(), ids=TOLD)
def test_the_client_is_the_last_address_that_is_no_named_proxy(told: str, client: str | None) -> None:
    assert forwarded_client(header_values(FOR, [(FOR, told.encode())]), NAMED) == client


def test_what_is_no_proxy_is_told() -> None:
    for text in ("nginx", "*", "10.0.0.1/8", "127.0.0.1;::1"):
        with pytest.raises(NoProxy, match="is no address of a proxy: write"):
            proxy_networks(text)
    done = called("serve", "--proxies", "nginx", "--database", "postgresql://127.0.0.1:1/none")
    assert (done.returncode, b"'nginx' is no address of a proxy" in done.stderr) == (1, True)


def test_a_text_is_no_client_though_a_named_proxy_tells_it(service: Service, ada: httpx.Client) -> None:
    told = {"X-Forwarded-For": "somebody", "X-Request-ID": "from-somebody"}
    ada.get("/reports", headers=told).raise_for_status()
    eventually(lambda: log_lines(service, request_id="from-somebody"))
    (line,) = log_lines(service, request_id="from-somebody")
    assert line["client"] == "127.0.0.1"
