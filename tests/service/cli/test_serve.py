"""`store-uptime serve` as it is started and stopped: options, TLS, logs, the place of the registry, databases away."""

import json
import re
import resource
import signal
import socket
import ssl
import subprocess
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from psycopg.types.json import Json

from store_uptime.pipeline import Report, archive, build_report, open_source
from store_uptime.pipeline.embedded.watcher import SERVING, WATCHING, held
from store_uptime.service.cli.main import exit_status
from store_uptime.service.cli.serve import CONNECTIONS
from store_uptime.service.front.authentication import COOKIE
from store_uptime.service.registry.migrations import FOLDER, migrate, migration_number
from store_uptime.service.testing import Service
from tests.support.feeds import COMMAND, called, store_uptime, surroundings
from tests.support.postgres import Cluster, as_user, eventually, fresh_database, is_alive, new_cluster, open_folder, run
from tests.support.running import (
    complete,
    keys,
    loaded,
    log_lines,
    new_key,
    problem,
    running,
    started,
    workers_of,
)

pytestmark = pytest.mark.long  # servers of their own, many times

NOBODY = "postgresql://me@127.0.0.1:1/none"
OLD = "0" * 32
LATER = "b" * 32
PLAIN_OPTIONS = {"now": None, "store_id": None, "max_gap": None, "lookback": 86400.0, "columns": "plain"}
GATE = "select pg_advisory_xact_lock(hashtext('store_uptime migrations'))"
AT_THE_GATE = """
    select count(*)
    from pg_locks
    join pg_database on pg_database.oid = pg_locks.database
    where datname = current_database() and locktype = 'advisory' and not granted
"""
MIGRATIONS = "select number, applied_at from store_uptime.migration order by number"
ASKED = [("POST", "/trigger_report"), ("GET", "/reports"), ("GET", f"/get_report/{'0' * 32}"), ("GET", "/stores")]
KEPT = "synchronous_commit=on"  # what was committed outlives the server, though that ends at once
DATA = "grant select on all tables in schema public to {user}"


# Options --------------------------------------------------------------------------------------------------------------

WRONG = {
    "a port that is no number": (["--port", "http"], '"http" into int'),
    "a port beyond the last": (["--port", "65536"], "<= 65535"),
    "a negative port": (["--port=-1"], ">= 0"),
    "no workers": (["--workers", "0"], ">= 1"),
    "fewer than none": (["--workers=-2"], ">= 1"),
    "no queue": (["--queue", "0"], ">= 1"),
    "no time": (["--time-limit", "0h"], "more than 0"),
    "no duration": (["--time-limit", "soon"], "'soon' is not a duration: write 90m, 2h or 1d12h."),
    "a negative grace": (["--grace=-1h"], "is not a duration: write 90m, 2h or 1d12h"),
    "a negative age": (["--keep-for=-1d"], "is not a duration: write 90m, 2h or 1d12h"),
    "a negative number of reports": (["--keep-reports=-1"], ">= 0"),
    "no requests": (["--rate-limit", "0"], ">= 1"),
    "no body": (["--body-limit", "0"], ">= 1"),
    "no time for a body": (["--body-seconds", "0"], ">= 1"),
    "another log format": (["--log-format", "xml"], '"json", "text"'),
    "a certificate without a key": (["--tls-certificate", "a.crt"], "Missing argument: --tls-key"),
    "a key without a certificate": (["--tls-key", "a.key"], "Missing argument: --tls-certificate"),
    "an unknown option": (["--bogus"], "--bogus"),
    "a word too many": (["now"], "now"),
}


@pytest.mark.parametrize(("options", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_option_is_told_in_one_line_with_status_2(
    options: list[str], says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["store-uptime", "serve", *options])
    assert exit_status() == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err.startswith("store-uptime: ")) == ("", 1, True)
    assert says in err


NO_CLUSTER = {
    "tables in a database": (["--database", NOBODY], "a cluster reads files, and --database is none: name a folder"),
    "tables in the built-in server": (["--database", "embedded:"], "a cluster reads files, and --database is none"),
    "no exchange": (["--database", "."], "tls://127.0.0.1:1 needs a place for what lies between the two passes"),
    "no address": (["--database", ".", "--exchange", "x"], "dask: that is no address of a scheduler of Dask"),
    "no certificates": (
        ["--database", ".", "--exchange", "x", *(f"--cluster-{name}=none.pem" for name in ("ca", "cert", "key"))],
        "cannot use none.pem for a cluster: No such file or directory",
    ),
}


@pytest.mark.parametrize(("options", "says"), NO_CLUSTER.values(), ids=NO_CLUSTER)
def test_a_cluster_that_cannot_be_one_is_refused_before_the_server_listens(
    options: list[str], says: str, tmp_path: Path
) -> None:
    address = "dask" if says.startswith("dask") else "tls://127.0.0.1:1"
    done = called("serve", "--port", "0", "--cluster", address, *options, cwd=tmp_path)
    assert done.returncode == 1
    assert says in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def refused(*options: str, database: str = NOBODY, port: int = 0) -> str:
    """The last thing that a server says which does not come up."""
    options = ("serve", "--port", str(port), *options)
    done = store_uptime(*options, cwd=Path(), STORE_UPTIME_DATABASE=database)  # a loop may run in this process
    lines = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout) == (1, b"")
    assert "Traceback" not in "\n".join(lines)
    return lines[-1]


def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refused(port=port) == (
            f"store-uptime: cannot listen on 127.0.0.1 port {port}: Address already in use. "
            "Choose another with --port or --host."
        )


@pytest.mark.parametrize("host", ["203.0.113.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_told_with_what_to_do(host: str) -> None:
    assert refused("--host", host).startswith(f"store-uptime: cannot listen on {host} port 0: ")


NO_ADDRESSES = {
    "a folder": "./feed",
    "another database": "mysql://me:hunter2@db/shop",
    "an @ in the password": "postgresql://me:hun@ter2@db/shop",
    "no pairs": "host=db password='hunter2",
}


@pytest.mark.parametrize("address", NO_ADDRESSES.values(), ids=NO_ADDRESSES)
def test_what_is_no_address_is_not_waited_for_and_not_repeated(address: str) -> None:
    said = refused(database=address)
    assert said.startswith("store-uptime: cannot reach the database: its address ")
    assert refused("--registry", address) == said
    assert not re.search("hun|ter2", said)


# TLS ------------------------------------------------------------------------------------------------------------------


def tls(folder: Path, certificate: str = "server.crt", key: str = "server.key") -> list[str]:
    return ["--tls-certificate", str(folder / certificate), "--tls-key", str(folder / key)]


def test_over_tls_all_is_served_and_the_cookie_is_for_tls_alone(polled: str, database: str, certificates: Path) -> None:
    key = new_key(database, "ada")
    trusting = ssl.create_default_context(cafile=certificates / "ca.crt")
    trusting.check_hostname = False
    with (
        started(polled, "--registry", database, *tls(certificates)) as server,
        server.client(verify=trusting) as client,
    ):
        assert server.url.startswith("https://127.0.0.1:")
        eventually(lambda: client.get("/ready").is_success, 60)
        answer = client.post("/session", json={"key": key}, headers={"Origin": server.url})
        assert answer.status_code == 201
        assert re.search(rf"{COOKIE}=[^;]+;.* Secure", answer.headers["Set-Cookie"])
        assert client.get("/reports").is_success
        with pytest.raises(httpx.TransportError):
            httpx.get(server.url.replace("https", "http") + "/health")
        with pytest.raises(httpx.ConnectError):
            server.client().get("/health")
        assert client.get("/health").is_success


BAD_FILES = {
    "no such certificate": ("none.crt", "server.key", "No such file or directory"),
    "no such key": ("server.crt", "none.key", "No such file or directory"),
    "a key that is none": ("server.crt", "server.csr", ""),
    "a certificate that is none": ("server.key", "server.key", ""),
    "a key of another certificate": ("server.crt", "other.key", "mismatch"),
}


@pytest.mark.parametrize(("certificate", "key", "says"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_certificate_that_will_not_do_is_told(certificate: str, key: str, says: str, certificates: Path) -> None:
    said = refused(*tls(certificates, certificate, key))
    assert said.startswith(
        f"store-uptime: cannot serve HTTPS with {certificates / certificate} and {certificates / key}"
    )
    assert says in said
    assert said.endswith("They must be PEM, and belong together.")


# Signals and logs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_server_that_is_told_to_stop_ends_well_and_takes_its_workers_along(polled: str, number: int) -> None:
    with running(polled) as server, server.client() as client:
        assert client.get("/health").is_success  # and the connection stays open
        workers = workers_of(server)
        assert len(workers) == 1
        server.process.send_signal(number)
        assert server.process.wait(20) == 0
        eventually(lambda: not any(map(is_alive, workers)))
        assert [line for line in server.logged() if line["level"] != "info"] == []


@pytest.fixture(scope="module")
def waiting() -> Iterator[Service]:
    """A server that waits for its database, started where few files may be open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))
    try:
        with started(NOBODY) as service:
            yield service
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.skipif(not hasattr(psutil.Process, "rlimit"), reason="psutil can ask for limits on Linux only")
def test_a_server_may_have_more_files_open_than_its_shell_allows(waiting: Service) -> None:
    allowed, hard = psutil.Process(waiting.process.pid).rlimit(psutil.RLIMIT_NOFILE)
    assert allowed == (2 * CONNECTIONS if hard == resource.RLIM_INFINITY else min(2 * CONNECTIONS, hard))


def test_a_server_that_still_waits_for_its_database_can_be_stopped(waiting: Service) -> None:
    assert waiting.stop() == 0


def test_a_log_for_machines_is_json_line_by_line(service: Service) -> None:
    with service.client() as client:
        client.get("/health")
    lines = [json.loads(line) for line in service.log.read_text(encoding="utf-8").splitlines()]
    assert {"event", "level", "logger", "timestamp"} <= set.intersection(*map(set, lines))
    assert {"listening", "taking reports", "request"} <= {line["event"] for line in lines}


def test_a_log_for_people_is_text() -> None:
    with open_folder() as folder, (folder / "log").open("wb") as log:
        command = [COMMAND, "serve", "--port", "0", "--database", NOBODY, "--log-format", "text"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, env=surroundings()) as process:
            try:
                eventually(lambda: "waiting for it" in (folder / "log").read_text(encoding="utf-8"), 30)
            finally:
                process.terminate()
        text = (folder / "log").read_text(encoding="utf-8")
    assert re.search(
        r"^\S+Z \[info +\] listening +\[store_uptime\.server\] url=http://127.0.0.1:\d+$", text, re.MULTILINE
    )
    assert not re.search(r"^\{|\x1b", text, re.MULTILINE)


# Where the registry is ------------------------------------------------------------------------------------------------


@contextmanager
def person(server: str) -> Generator[str]:
    """A user who may do nothing in particular."""
    name = "reader_of_reports"
    run(server, f"create role {name} login")
    try:
        yield name
    finally:
        run(server, f"drop role {name}")


@contextmanager
def fed(server: str, feed: Path) -> Generator[str]:
    """A database of its own with the feed in it."""
    with fresh_database(server) as url:
        loaded(url, feed)
        yield url


def has_registry(database: str) -> bool:
    """Whether the service keeps reports there."""
    return run(database, "select to_regclass('store_uptime.report') is not null") == [(True,)]


def test_a_registry_that_is_named_is_the_one_and_the_database_stays_as_it_was(
    server: str, feed: Path, database: str
) -> None:
    with fed(server, feed) as tables, running(tables, "--registry", database) as service, service.client() as client:
        report_id = complete(client)
        assert run(database, "select id from store_uptime.report") == [(report_id,)]
        assert not has_registry(tables)


def test_where_the_user_may_make_nothing_reports_are_kept_in_the_built_in_server(server: str, feed: Path) -> None:
    with person(server) as user, fed(server, feed) as tables, open_folder() as folder:
        run(tables, DATA.format(user=user))
        with running(as_user(tables, user), STORE_UPTIME_DATA_DIR=str(folder / "data")) as service:
            (line,) = log_lines(service, event="reports are kept in the built-in server")
            assert (line["level"], "grant create on database" in line["because"]) == ("warning", True)
            with service.client() as client:
                complete(client)
            assert (folder / "data" / "postgres").exists()
            listed = keys(
                "list", STORE_UPTIME_DATABASE=as_user(tables, user), STORE_UPTIME_DATA_DIR=str(folder / "data")
            )
            assert "cannot keep reports in the database" in listed[1]
            assert not has_registry(tables)
        eventually(lambda: not (held(folder / "data" / SERVING) or held(folder / "data" / WATCHING)), 30)


def test_a_registry_that_was_named_and_refuses_ends_the_server_with_what_to_do(server: str, database: str) -> None:
    with person(server) as user:
        name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
        said = refused("--registry", as_user(database, user))
        assert said.startswith(f"store-uptime: cannot keep reports in the database {name} at ")
        assert "permission denied" in said
        assert said.endswith("or name another database with --registry.")


def test_a_registry_of_a_newer_version_is_left_alone(database: str) -> None:
    migrate(database)
    run(database, "insert into store_uptime.migration (number) values (9999)")
    said = refused("--registry", database)
    assert said.endswith(": a newer store-uptime has been here. Update this one.")
    assert keys("list", "--registry", database, status=1)[1].splitlines() == [said]


def test_a_user_who_may_use_what_is_there_and_make_nothing_can_serve(server: str, feed: Path) -> None:
    with person(server) as user, fed(server, feed) as tables:
        migrate(tables)
        before = run(tables, MIGRATIONS)
        run(
            tables,
            DATA.format(user=user),
            f"grant usage on schema store_uptime to {user}",
            f"grant select, insert, update, delete on all tables in schema store_uptime to {user}",
        )
        with running(as_user(tables, user)) as service, service.client() as client:
            report_id = complete(client)
            assert client.delete(f"/reports/{report_id}").status_code == 204
            assert log_lines(service, event="reports are kept in the built-in server") == []
        assert run(tables, MIGRATIONS) == before


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = sorted(map(migration_number, FOLDER.iterdir()))
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(re.fullmatch(r"\d{4}_\w+\.sql", path.name) for path in FOLDER.iterdir())


def test_each_migration_is_applied_once(database: str) -> None:
    migrate(database)
    before = run(database, MIGRATIONS)
    migrate(database)
    assert run(database, MIGRATIONS) == before
    assert len(before) == len(list(FOLDER.iterdir()))


def test_a_report_from_before_schedules_is_shown_as_it_was(server: str, feed: Path) -> None:
    with fed(server, feed) as tables:
        older = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.iterdir()) if migration_number(path) <= 2]
        applied = "create table store_uptime.migration (number integer primary key, applied_at timestamptz)"
        run(tables, "create schema store_uptime", *older, applied, "insert into store_uptime.migration values (1), (2)")
        report = build_report(open_source(tables))
        keep_as_before(tables, report)
        with running(tables) as service, service.client() as client:
            details = client.get(f"/reports/{OLD}").json()
            assert (details["provenance"], details["quality"]) == (report.provenance, report.about["quality"])
            assert client.get(f"/get_report/{OLD}").content == report.csv()
            assert client.get(f"/view/{OLD}/data").is_success
            assert client.get("/history").is_success


def test_keys_and_removed_reports_from_before_there_were_roles(database: str) -> None:
    older = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.iterdir()) if migration_number(path) <= 4]
    applied = "create table store_uptime.migration (number integer primary key, applied_at timestamptz)"
    run(database, "create schema store_uptime", *older, applied)
    run(database, "insert into store_uptime.migration select generate_series(1, 4)")
    key = "insert into store_uptime.api_key (name, id, hash) values ('{0}', '{0}', 'x')"  # as that version does
    removed = "insert into store_uptime.report (id, options, client, status) values ('{}', '{{}}', '', '{}')"
    run(database, key.format("early"), removed.format(OLD, "removed"), removed.format(LATER, "queued"))
    migrate(database)
    run(database, key.format("late"), f"update store_uptime.report set status = 'removed' where id = '{LATER}'")
    kept = run(database, "select role, expires_at, last_used_at from store_uptime.api_key")
    assert kept == [("admin", None, None)] * 2
    recent = "select now() - removed_at < interval '1 minute' from store_uptime.report"
    assert run(database, recent) == [(True,), (True,)]


def keep_as_before(database: str, report: Report) -> None:
    """A complete report as the first two migrations had it."""
    values = {"id": OLD, "options": Json(PLAIN_OPTIONS), "about": Json(report.about), **asdict(archive(report))}
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "insert into store_uptime.report "
            "(id, status, options, client, started_at, finished_at, stores, about, figures, plan, rejects, lanes) "
            "values (%(id)s, 'complete', %(options)s, '', now(), now(), 40, %(about)s, %(figures)s, %(plan)s, "
            "%(rejects)s, %(lanes)s)",
            values,
        )


@contextmanager
def gate(database: str, racers: int) -> Generator[None]:
    """Lets those that would migrate go at the same moment, once all of them have come, at the end of the block."""
    with psycopg.connect(database) as keeper:
        keeper.execute(GATE)
        yield
        eventually(lambda: run(database, AT_THE_GATE) == [(racers,)], 60)


def test_of_four_that_migrate_at_once_one_does(database: str) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        with gate(database, 4):
            racers: list[Future[None]] = [pool.submit(migrate, database) for _ in range(4)]
        assert [racer.result(60) for racer in racers] == [None] * 4
    assert len(run(database, MIGRATIONS)) == len(list(FOLDER.iterdir()))


def test_two_servers_that_start_at_once_on_an_empty_database_both_come_up(server: str, feed: Path) -> None:
    with fed(server, feed) as tables, ExitStack() as stack:
        with gate(tables, 2):
            servers = [stack.enter_context(started(tables)) for _ in range(2)]
        one, other = (stack.enter_context(server.client()) for server in servers)
        eventually(lambda: one.get("/ready").is_success and other.get("/ready").is_success, 60)
        report_id = complete(one)
        assert other.get(f"/get_report/{report_id}").headers["X-Report-Status"] == "Complete"


# Databases that are away ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster(feed: Path) -> Iterator[Cluster]:
    """A server with the feed in it that does not run now."""
    with new_cluster() as cluster:
        with cluster.running(KEPT):
            loaded(cluster.socket_url, feed)
        yield cluster


def away(client: httpx.Client) -> bool:
    """Whether a server says that its database does not answer, and goes on."""
    assert client.get("/health").is_success
    answer = client.get("/ready")
    return answer.status_code == 503 and "registry" in answer.json()["missing"]


def test_a_database_that_is_down_at_the_start_or_goes_away_is_waited_for(cluster: Cluster) -> None:
    with started(cluster.socket_url, STORE_UPTIME_TIMING_CONNECTION_S="0.5") as service, service.client() as client:
        eventually(lambda: log_lines(service, event="the database does not answer, waiting for it"), 30)
        assert away(client)
        for method, path in ASKED:
            answer = client.request(method, path)
            assert "does not answer" in problem(answer, 503)
            assert answer.headers["Retry-After"] == "5"
        with cluster.running(KEPT):
            eventually(lambda: client.get("/ready").is_success, 60)
            report_id = complete(client)
        (line,) = log_lines(service, event="the database does not answer, waiting for it")
        assert (line["level"], "cannot reach" in line["error"]) == ("warning", True)

        eventually(lambda: away(client), 60)
        for method, path in (*ASKED, ("GET", f"/get_report/{report_id}")):
            answer = client.request(method, path)
            problem(answer, 503)
            assert answer.headers["Retry-After"] == "5"
        eventually(lambda: log_lines(service, event="the registry does not answer, waiting for it"), 30)
        with cluster.running(KEPT):
            eventually(lambda: client.get("/ready").is_success, 60)
            assert client.get(f"/get_report/{report_id}").headers["X-Report-Status"] == "Complete"
            complete(client, lookback="1h")
            assert len(log_lines(service, event="the registry does not answer, waiting for it")) == 1
            assert 1 <= len(log_lines(service, logger="psycopg.pool")) < 5
            assert log_lines(service, level="error") == []
