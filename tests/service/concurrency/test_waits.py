"""Every wait has an end: a registry that is frozen, locked, read-only or without its tables, a source that is locked,
another server that is paused or newer. One server, whose registry and tables are on a server of their own."""

import asyncio
import signal
import threading
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from store_uptime.pipeline import SourceMismatch
from store_uptime.service.backend.readiness import NEWER
from store_uptime.service.cli.registry import RegistryLocation, registry_session
from store_uptime.service.concurrency.shared_lookups import SharedLookups
from store_uptime.service.concurrency.threads import NoThread, Threads
from store_uptime.service.errors import AnswerTooLate, NeedsMoreMemory, RegistryRefused, RegistryUnreachable
from store_uptime.service.errors.causes import Cause, cause_of_state
from store_uptime.service.front.deadline import AnswerDeadline
from store_uptime.service.front.problems import problem_of
from store_uptime.service.queue.ticker import Ticker, Troubles
from store_uptime.service.registry import migrations
from store_uptime.service.registry.registry import Registry
from store_uptime.service.registry.triggers import count_waiting, lock_triggers
from store_uptime.service.testing import Service
from store_uptime.service.timing import Timing
from tests.support.postgres import Cluster, eventually, new_cluster, pgbouncer, postmaster_id, run
from tests.support.running import (
    BRISK,
    INSIDE,
    NUMBERS,
    PULLING,
    WAITING,
    complete,
    finished,
    held_up,
    in_a_loop,
    loaded,
    log_lines,
    new_key,
    running,
    step,
    trigger,
)

pytestmark = pytest.mark.long  # a cluster and servers of its own

SHORT = BRISK | {
    f"STORE_UPTIME_TIMING_{name}_S": seconds
    for name, seconds in {
        "LEASE": "1.5",
        "CONNECTION": "1",
        "STATEMENT": "0.5",
        "IDLE": "0.5",
        "LOOK": "0.5",
        "PROBE": "0.1",
    }.items()
}
QUICK = Timing(connection_s=1, statement_s=5, idle_s=0.5)
IN_TIME_S = 8.0  # on a busy machine; a second or two elsewhere
PAUSE_S = 5.0  # much longer than a transaction may be idle
NOW = {"now": "2026-03-09T12:00:00Z"}


@pytest.fixture(scope="module")
def cluster(feed: Path) -> Iterator[Cluster]:
    """A server with the tables and the registry."""
    with new_cluster() as cluster, cluster.running():
        loaded(cluster.socket_url, feed)
        yield cluster


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> str:
    """Its address."""
    return cluster.socket_url


@pytest.fixture(scope="module")
def service(server: str) -> Iterator[Service]:
    """A service over it that waits for nothing for long."""
    with running(server, **SHORT) as service:
        yield service


@pytest.fixture(scope="module")
def known(service: Service) -> str:
    """A report that is stored."""
    with service.client() as client:
        return complete(client)


@pytest.fixture(scope="module")
def pooled(server: str) -> Iterator[str]:
    """The registry through pgbouncer, which gives a session for each transaction."""
    with pgbouncer(server, connections=3) as url:
        yield url


@pytest.fixture(scope="module")
def other(server: str, pooled: str, cluster: Cluster, known: str) -> Iterator[Service]:
    """A second service on that registry, by way of pgbouncer; at the end it stops though the registry hangs."""
    with running(server, "--registry", pooled, "--grace", "0s", **SHORT) as service:
        yield service
        with frozen(cluster):
            begun = time.monotonic()
            assert service.stop() == 0
            assert time.monotonic() - begun < 20


@pytest.fixture
def client(service: Service, known: str) -> Iterator[httpx.Client]:
    """A client of it, which is well before and after, without a restart and without an error that nobody expected."""
    with service.client() as client:
        yield client
        eventually(lambda: client.get("/ready").is_success, 20)
        eventually(lambda: client.post("/trigger_report", json=NOW).is_success)
        finished(client, trigger(client, **NOW))
        assert log_lines(service, level="error") == []


@contextmanager
def frozen(cluster: Cluster) -> Generator[None]:
    """Every process of a PostgreSQL server is stopped, and goes on after the block."""
    postmaster = psutil.Process(postmaster_id(cluster.data))
    postmaster.suspend()  # first: then it makes no further ones
    backends = postmaster.children()
    try:
        for process in backends:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        yield
    finally:
        for process in (postmaster, *backends):
            with suppress(psutil.NoSuchProcess):
                process.resume()


@contextmanager
def locked(database: str, table: str) -> Generator[None]:
    """A table is locked, as by VACUUM FULL or ALTER TABLE."""
    with psycopg.connect(database) as connection:
        connection.execute(f"lock table {table} in access exclusive mode")  # pyrefly: ignore
        yield


@contextmanager
def changed(database: str, change: str, undo: str) -> Generator[None]:
    """A change for the block."""
    run(database, *change.split("; "))
    try:
        yield
    finally:
        run(database, *undo.split("; "))


def refused(service: Service, client: httpx.Client, method: str, path: str) -> str:
    """The cause of a 503 that came in time: in the log, in the one line of the request."""
    begun = time.monotonic()
    answer = client.request(method, path)
    assert (answer.status_code, time.monotonic() - begun < IN_TIME_S) == (503, True)
    assert answer.headers["Retry-After"]
    assert not INSIDE.search(answer.text)
    eventually(lambda: log_lines(service, request_id=answer.headers["X-Request-ID"]))
    [line] = log_lines(service, request_id=answer.headers["X-Request-ID"])
    return line["cause"]


def lacking(client: httpx.Client) -> dict[str, str]:
    """What a server lacks; it answers at once, whatever it is."""
    begun = time.monotonic()
    ready = client.get("/ready")
    assert ready.is_success or ready.headers["Retry-After"]
    answer = ready.json()
    assert client.get("/health").is_success
    assert time.monotonic() - begun < 1
    assert answer["since"].keys() == answer["missing"].keys()
    return answer["missing"]


# The registry ---------------------------------------------------------------------------------------------------------

ASKED = (("GET", "/reports"), ("POST", "/trigger_report"), ("GET", "/get_report/{id}"), ("GET", "/"))


def test_a_registry_that_is_frozen_hangs_nothing(
    service: Service, client: httpx.Client, cluster: Cluster, known: str
) -> None:
    with frozen(cluster), ThreadPoolExecutor(len(ASKED)) as many:
        asking = [many.submit(refused, service, client, how, path.format(id=known)) for how, path in ASKED]
        assert {asked.result() for asked in asking} <= {Cause.TIMEOUT, Cause.UNREACHABLE, Cause.SOURCE}
        eventually(lambda: {"registry", "database"} <= lacking(client).keys())
    assert len(log_lines(service, event="the registry does not answer, waiting for it")) <= 2  # by cause


READ_ONLY = (
    "alter system set default_transaction_read_only = on; select pg_reload_conf()",
    "set default_transaction_read_only = off; alter system reset default_transaction_read_only; "
    "select pg_reload_conf()",
)
DROPPED = ("alter schema store_uptime rename to away", "alter schema away rename to store_uptime")
FAULTS = {"as after a failover": (READ_ONLY, Cause.READ_ONLY), "as before a restore": (DROPPED, Cause.NO_TABLES)}


@pytest.mark.parametrize(("change", "cause"), FAULTS.values(), ids=FAULTS)
def test_a_registry_that_takes_nothing_is_waited_for(
    service: Service, client: httpx.Client, server: str, change: tuple[str, str], cause: Cause
) -> None:
    with changed(server, *change):
        eventually(lambda: "registry" in lacking(client))
        assert refused(service, client, "POST", "/trigger_report") == cause
        told = "the registry does not answer, waiting for it"
        eventually(lambda: [line["cause"] for line in log_lines(service, event=told)].count(cause) == 1)


def test_a_table_of_the_registry_that_is_locked_stops_what_needs_it_and_says_so(
    service: Service, client: httpx.Client, server: str, known: str
) -> None:
    with locked(server, "store_uptime.report"):
        assert refused(service, client, "GET", "/reports") == Cause.TIMEOUT
        assert refused(service, client, "GET", f"/view/{known}") == Cause.TIMEOUT
        assert lacking(client) == {}


def test_a_server_that_is_paused_within_a_trigger_stops_the_others_for_a_moment(
    client: httpx.Client, server: str
) -> None:
    """Its transaction, as it looks from outside: nothing more comes of it."""

    async def paused() -> None:
        registry = Registry(QUICK, 1)
        await registry.open(server)
        try:
            async with registry.transaction() as execute:
                await execute(lock_triggers())
                await asyncio.sleep(PAUSE_S)
                await execute(count_waiting())
        finally:
            await registry.close()

    with ThreadPoolExecutor(1) as thread:
        pausing = thread.submit(asyncio.run, paused())
        eventually(lambda: run(server, "select count(*) from pg_locks where locktype = 'advisory'") == [(1,)])
        # For that moment the others may be told to try again in a while.
        eventually(lambda: client.post("/trigger_report", json=NOW).status_code == 202)
        assert not pausing.done()
        with pytest.raises(RegistryUnreachable) as failed:
            pausing.result()
    assert failed.value.cause is Cause.TIMEOUT


def test_a_paused_server_loses_its_run_and_no_healthy_one_does(
    service: Service, other: Service, client: httpx.Client, server: str
) -> None:
    with held_up(server):
        ids = [trigger(client, **NOW, lookback=f"{next(NUMBERS)}s") for _ in range(2)]
        eventually(lambda: all(step(client, report_id) == PULLING for report_id in ids), 30)
        begun = run(server, RUNS)
        try:
            other.process.send_signal(signal.SIGSTOP)
            eventually(lambda: len(run(server, RUNS)) == 1, 20)
            trigger(client, **NOW)
        finally:
            other.process.send_signal(signal.SIGCONT)
    assert [finished(client, report_id)["status"] for report_id in ids] == ["Complete"] * 2
    [(kept,)] = [row for row in begun if row[0] in [line["run"] for line in log_lines(service, event="run begins")]]
    ends = partial(log_lines, service, event="run ends", run=kept)
    eventually(lambda: [line["outcome"] for line in ends()] == ["complete"])
    [(lost,)] = [row for row in begun if row[0] != kept]
    eventually(lambda: log_lines(other, event="run cancelled", run=lost) or is_discarded(other, lost))


RUNS = "select run from store_uptime.report where status = 'running'"


def is_discarded(service: Service, lost: str) -> bool:
    """Whether the result of a run was one too many."""
    return log_lines(service, event="run ends", run=lost, outcome="discarded") != []


def test_a_server_that_is_older_than_the_schema_finishes_and_takes_nothing_new(
    service: Service, client: httpx.Client, server: str, known: str
) -> None:
    newer = "insert into store_uptime.migration (number) values (9999); alter table store_uptime.report add new text"
    with held_up(server):
        runs = trigger(client, **NOW, lookback=f"{next(NUMBERS)}s")
        eventually(lambda: step(client, runs) == PULLING)
        undo = "delete from store_uptime.migration where number = 9999; alter table store_uptime.report drop new"
        run(server, *newer.split("; "))
    try:
        eventually(lambda: lacking(client) == {"registry": NEWER})
        assert finished(client, runs)["status"] == "Complete"
        waits = trigger(client, **NOW, lookback=f"{next(NUMBERS)}s")
        assert client.get(f"/get_report/{known}").headers["X-Report-Status"] == "Complete"
        time.sleep(1)  # some ticks
        assert step(client, waits) == WAITING
        assert len(log_lines(service, event="outdated")) == 1
    finally:
        run(server, *undo.split("; "))
    assert finished(client, waits)["status"] == "Complete"


def test_the_registry_may_be_behind_pgbouncer(other: Service, server: str, pooled: str) -> None:
    """In transaction mode, with fewer connections than a server would like to have."""
    with other.client() as client:
        ids = [complete(client, **NOW, lookback=f"{next(NUMBERS)}s") for _ in range(2)]
        for path in ("/", "/reports", "/timetable", *(f"/get_report/{report_id}" for report_id in ids)):
            assert all(client.get(path).is_success for _ in range(8)), path  # psycopg prepares from the fifth on
        with locked(server, "store_uptime.schedule"):
            assert refused(other, client, "GET", "/schedules") == Cause.TIMEOUT
        eventually(lambda: client.get("/schedules").is_success)
    assert new_key(pooled, "by the pooler").startswith("su_")
    run(server, "delete from store_uptime.api_key")


def test_a_command_does_not_wait_for_ever_for_the_schema(
    server: str, known: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "PATIENCE", "set local lock_timeout = '50ms'")
    with (
        locked(server, "store_uptime.migration"),
        pytest.raises(RegistryUnreachable) as failed,
        registry_session(RegistryLocation(registry=server)),
    ):
        pass
    assert failed.value.cause is Cause.TIMEOUT


# The source -----------------------------------------------------------------------------------------------------------


def test_who_triggers_hundreds_waits_for_themselves(client: httpx.Client, server: str) -> None:
    def asked(number: int) -> httpx.Response:
        return client.post("/trigger_report", json={"lookback": f"{number}s"})

    with locked(server, "store_status"), ThreadPoolExecutor(60) as many:
        answers = list(many.map(asked, range(60)))
    assert {answer.status_code for answer in answers} == {429, 503}
    assert {int(answer.headers["Retry-After"]) for answer in answers if answer.status_code == 429} == {10}


def test_what_is_stored_does_not_wait_for_a_source_that_is_locked(
    service: Service, client: httpx.Client, server: str, known: str
) -> None:
    with locked(server, "store_status"), ThreadPoolExecutor(8) as many:
        asking = [many.submit(refused, service, client, "POST", "/trigger_report") for _ in range(8)]
        for path in (
            "/",
            "/history",
            f"/get_report/{known}",
            f"/get_report/{known}?format=json",
            f"/view/{known}/data",
        ):
            begun = time.monotonic()
            assert client.get(path).is_success
            assert time.monotonic() - begun < 2
        assert {asked.result() for asked in asking} == {Cause.SOURCE}


# Parts ----------------------------------------------------------------------------------------------------------------


def test_a_heartbeat_goes_on_whatever_happens() -> None:
    raised = [RegistryUnreachable(), psycopg.errors.ReadOnlySqlTransaction(), ValueError(), TimeoutError()]
    beats = iter([*raised, None])

    async def beat() -> None:
        error = next(beats)
        if error is not None:
            raise error
        heart.stop()

    heart = Ticker("a heart", beat, 0.001, Troubles())
    in_a_loop(asyncio.wait_for(heart.run(), 10))
    assert list(beats) == []


@pytest.mark.parametrize(
    "error", [SourceMismatch("x", "y", "z"), NeedsMoreMemory(), RegistryRefused("x", "y", "z"), RegistryUnreachable()]
)
def test_each_503_says_when_to_try_again(error: Exception) -> None:
    answer = problem_of(error)
    assert (answer.status_code, (answer.headers or {}).get("Retry-After")) == (503, "5")


def test_threads_that_hang_are_counted_until_they_end() -> None:
    hung = threading.Event()

    async def called() -> None:
        threads = Threads(1)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await threads.call(0.05, hung.wait)
        hung.set()
        assert await threads.call(5, len, "free") == 4

    in_a_loop(called())


def test_who_waits_for_a_thread_in_vain_while_others_have_results_is_told_so() -> None:
    async def called() -> list[BaseException | None]:
        threads = Threads(1)
        calls = (threads.call(0.25, time.sleep, 0.2) for _ in range(4))
        return await asyncio.gather(*calls, return_exceptions=True)

    first, *_, last = in_a_loop(called())
    assert (first, type(last)) == (None, NoThread)


def test_what_many_follow_is_looked_for_once() -> None:
    async def counted() -> list[int]:
        counts, looks = iter(range(9)), SharedLookups(0.05)

        async def look() -> int:
            return next(counts)

        found = await asyncio.gather(*(looks.get("report", look) for _ in range(50)))
        await asyncio.sleep(0.1)
        return [*found, await looks.get("report", look)]

    assert in_a_loop(counted()) == [0] * 50 + [1]


def test_a_request_without_an_answer_ends_and_one_that_streams_does_not() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def hangs(*_: Any) -> None:
        await asyncio.Event().wait()

    async def streams(_: Any, __: Any, begin: Any) -> None:
        await begin({"type": "http.response.start"})
        await asyncio.sleep(0.1)
        await begin({"type": "http.response.body"})

    async def called() -> None:
        in_time, scope = AnswerDeadline(0.05, 0), {"type": "http", "method": "GET"}
        with pytest.raises(AnswerTooLate, match="There was no answer"):
            await in_time.handle(scope, hangs, send, hangs)  # pyrefly: ignore
        await in_time.handle(scope, hangs, send, streams)  # pyrefly: ignore

    in_a_loop(called())
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


STATES = {
    "25006": Cause.READ_ONLY,
    "53100": Cause.DISK_FULL,
    "53300": Cause.TOO_MANY_CONNECTIONS,
    "3F000": Cause.NO_TABLES,
    "42P01": Cause.NO_TABLES,
    "57P01": Cause.RESTARTING,
    "57P05": Cause.UNREACHABLE,
    "57014": Cause.TIMEOUT,
    "08006": Cause.UNREACHABLE,
    "08P01": Cause.UNREACHABLE,
    "40001": Cause.CONFLICT,
    "23505": None,
    "22P02": None,
}


@pytest.mark.parametrize(("state", "cause"), STATES.items(), ids=STATES)
def test_a_cause_is_told_by_sqlstate(state: str, cause: Cause | None) -> None:
    assert cause_of_state(state) is cause
