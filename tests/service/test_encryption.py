"""Encryption at rest: what is on the disk, who can read it, how keys follow each other, what a lost one does."""

import json
import stat
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import polars as pl
import pytest

from store_uptime.pipeline import Frames, Limits, build_report
from store_uptime.service.encryption import MAGIC, Encryption, load_encryption, new_identity
from store_uptime.service.errors import EncryptedReportDamaged, NoKey, ReportEncrypted, ReportEncryptedToOthers
from store_uptime.service.testing import Service
from tests.support.feeds import called
from tests.support.named_stores import ALPHA, GAMMA, named_database
from tests.support.postgres import eventually, fresh_database, insert, new_cluster, run
from tests.support.running import bearer, complete, finished, new_key, problem, running, trigger

COLUMNS = ("figures", "plan", "rejects", "lanes", "summary", "overview")
OF_PERIODS = ("figures", "plan", "rejects", "attributes", "outages", "profile")
SENTENCE = "This report is encrypted"
NOW = "2026-03-10T10:00:00Z"
OPENSSH = """-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz
c2gtZWQyNTUxOQAAACAo5T8IefyA1jvPgFk0TNmk1ksZAobPhnoic4jYmWaBIwAA
AIhBKjE0QSoxNAAAAAtzc2gtZWQyNTUxOQAAACAo5T8IefyA1jvPgFk0TNmk1ksZ
AobPhnoic4jYmWaBIwAAAECdM0B8aeBPxH9SfuksQmNS8sbfPdBr4GfNUVv59neX
JSjlPwh5/IDWO8+AWTRM2aTWSxkChs+GeiJziNiZZoEjAAAAAAECAwQF
-----END OPENSSH PRIVATE KEY-----
"""  # of nobody
OPENSSH_PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICjlPwh5/IDWO8+AWTRM2aTWSxkChs+GeiJziNiZZoEj"


@dataclass(frozen=True)
class Key:
    """A key: the file of its secret part, and the part that may be known."""

    path: Path
    recipient: str


def cli(*arguments: object, status: int = 0) -> tuple[bytes, str]:
    """What a command says on stdout and on stderr."""
    done = called(*map(str, arguments))
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr.decode()


def made_key(folder: Path, name: str = "key.txt") -> Key:
    """A new key by the command line."""
    said, _ = cli("encryption", "key", folder / name)
    return Key(folder / name, said.decode().strip())


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return made_key(tmp_path)


@pytest.fixture
def registry(server: str) -> Iterator[str]:
    with fresh_database(server) as url:
        yield url


# Keys by themselves ---------------------------------------------------------------------------------------------------


def test_what_is_sealed_is_opened_by_each_of_its_keys_and_by_no_other(tmp_path: Path) -> None:
    ann, bob, eve = (made_key(tmp_path, name) for name in ("ann", "bob", "eve"))
    sealed = load_encryption([ann.recipient, bob.recipient], []).encrypt(b"figures")
    assert sealed.startswith(MAGIC)
    assert b"figures" not in sealed
    for reader in (ann, bob):
        assert load_encryption([], [eve.path, reader.path]).decrypt(sealed) == b"figures"
    with pytest.raises(ReportEncrypted, match="with a key that is not here"):
        load_encryption([], [eve.path]).decrypt(sealed)
    with pytest.raises(ReportEncrypted, match="there is no key here"):
        Encryption().decrypt(sealed)
    with pytest.raises(ReportEncrypted, match="is damaged"):
        load_encryption([], [ann.path]).decrypt(sealed[:-1])


def test_without_a_key_nothing_changes(key: Key) -> None:
    assert Encryption().encrypt(b"figures") == b"figures"
    assert Encryption().encrypted_name("week.csv") == "week.csv"
    assert load_encryption([], [key.path]).decrypt(b"figures") == b"figures"
    assert load_encryption([key.recipient], []).encrypted_name("week.csv") == "week.csv.age"


def test_keys_of_openssh_do_as_well(tmp_path: Path) -> None:
    (tmp_path / "id").write_text(OPENSSH, encoding="utf-8")
    (tmp_path / "id.pub").write_text(f"{OPENSSH_PUBLIC} me@here\n", encoding="utf-8")
    sealed = load_encryption([str(tmp_path / "id.pub")], []).encrypt(b"figures")
    assert load_encryption([], [tmp_path / "id"]).decrypt(sealed) == b"figures"


def test_a_file_of_recipients_may_have_remarks(tmp_path: Path) -> None:
    recipients = [new_identity()[1] for _ in range(2)]
    (tmp_path / "keys").write_text("# the team\n\n" + "\n".join(recipients) + "\n", encoding="utf-8")
    assert list(load_encryption([str(tmp_path / "keys")], []).recipients) == recipients


@pytest.mark.parametrize(
    ("recipient", "identity", "told"),
    [
        ("age1nonsense", None, "is no recipient"),
        ("nowhere.txt", None, "nowhere.txt cannot be read: No such file"),
        ("empty.txt", None, "holds no recipient"),
        (None, "nowhere.txt", "nowhere.txt cannot be read: No such file"),
        (None, "empty.txt", "holds no identity"),
        (None, "bad.txt", "an identity cannot be used"),
        (None, "bytes.txt", "it is no text"),
        (None, "large.txt", "it is larger than 1 MiB"),
        ("large.txt", None, "it is larger than 1 MiB"),
    ],
)
def test_what_is_no_key_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipient: str | None, identity: str | None, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.txt").write_text("# nothing\n", encoding="utf-8")
    Path("bad.txt").write_text("AGE-SECRET-KEY-1BAD\n", encoding="utf-8")
    Path("large.txt").write_text("#" * 1_048_577, encoding="utf-8")
    Path("bytes.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(NoKey, match=told):
        load_encryption([recipient] if recipient else [], [Path(identity)] if identity else [])


def test_the_secret_part_is_not_taken_for_the_other_and_not_shown(key: Key) -> None:
    with pytest.raises(NoKey, match="that is the secret part of a key") as refused:
        load_encryption([str(key.path)], [])
    assert "AGE-SECRET" not in str(refused.value)
    with pytest.raises(NoKey, match="an empty text is no recipient"):
        load_encryption([""], [])


def test_what_is_not_encrypted_is_not_decrypted(key: Key, tmp_path: Path) -> None:
    (tmp_path / "week.csv").write_text("store_id", encoding="utf-8")
    _, told = cli("encryption", "decrypt", tmp_path / "week.csv", "--identity", key.path, status=1)
    assert "it is not encrypted" in told


def test_a_new_key_is_for_its_owner_alone_and_never_replaces_another(key: Key) -> None:
    assert stat.S_IMODE(key.path.stat().st_mode) == 0o600
    before = key.path.read_bytes()
    _, told = cli("encryption", "key", key.path, status=1)
    assert "A key is never written over another one" in told
    assert key.path.read_bytes() == before


def test_a_server_with_a_wrong_key_does_not_begin(tmp_path: Path) -> None:
    _, told = cli("serve", "--encrypt-to", "age1nonsense", status=1)
    assert "is no recipient" in told
    _, told = cli("serve", "--identity", tmp_path / "lost.txt", status=1)
    assert "lost.txt cannot be read" in told


# A service ------------------------------------------------------------------------------------------------------------


def answers(client: httpx.Client, report_id: str) -> dict[str, httpx.Response]:
    """Everything that can be read of a report."""
    store = client.get("/stores").json()["stores"][0]
    paths = {
        "csv": f"/get_report/{report_id}",
        "parquet": f"/get_report/{report_id}?format=parquet",
        "rejects": f"/reports/{report_id}/rejects?table=polls",
        "timeline": f"/timeline?store_id={store}&report_id={report_id}",
        "fleet": f"/view/{report_id}",
        "rows": f"/view/{report_id}/fleet.json",
        "store": f"/view/{report_id}/store?store_id={store}",
        "data": f"/view/{report_id}/data",
        "details": f"/reports/{report_id}",
        "trends": "/trends",
        "changes": "/changes",
        "compare": f"/compare?old={report_id}&new={report_id}",
        "overview": f"/reports/{report_id}/overview",
        "now": f"/reports/{report_id}/now",
        "incidents": f"/reports/{report_id}/incidents",
        "groups": f"/reports/{report_id}/groups",
        "summaries": "/reports/summaries",
    }
    return {name: client.get(path) for name, path in paths.items()}


@dataclass(frozen=True)
class Keyed:
    """A service that encrypts and decrypts, a client with an API key, its registry, where it delivers to, its key."""

    service: Service
    client: httpx.Client
    registry: str
    archive: Path
    key: Key


@pytest.fixture(scope="module")
def keyed(server: str, polled: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    folder = tmp_path_factory.mktemp("keyed")
    key, archive = made_key(folder), folder / "archive"
    options = ("--encrypt-to", key.recipient, "--identity", str(key.path), "--destination", f"archive={archive}")
    with (
        fresh_database(server) as registry,
        running(polled, "--registry", registry, *options) as service,
        service.client(headers=bearer(new_key(registry, "ann"))) as client,
    ):
        yield Keyed(service, client, registry, archive, key)


@pytest.fixture
def stranger(keyed: Keyed) -> Iterator[httpx.Client]:
    """A client of it that shows nothing."""
    with keyed.service.client() as client:
        yield client


@pytest.mark.long
def test_a_service_that_has_the_key_answers_as_without_one(client: httpx.Client, keyed: Keyed) -> None:
    expected = answers(client, complete(client, now=NOW))
    report_id = complete(keyed.client, now=NOW)
    found = answers(keyed.client, report_id)
    assert {name: answer.status_code for name, answer in found.items()} == dict.fromkeys(expected, 200)
    for name in ("csv", "rejects", "timeline", "rows", "overview", "now", "incidents", "groups"):
        assert found[name].content == expected[name].content, name
    assert found["summaries"].json()["reports"][0]["stores"] == 40
    assert keyed.client.get("/newest.json").json()["open"] > 0
    row = f"select {', '.join(COLUMNS)} from store_uptime.report where id = '{report_id}'"
    ((*stored,),) = run(keyed.registry, row)
    assert all(content.startswith(MAGIC) for content in stored)


@pytest.mark.long
def test_a_service_without_the_reading_key_says_so(polled: str, registry: str, key: Key, tmp_path: Path) -> None:
    with running(polled, "--registry", registry, "--encrypt-to", key.recipient) as service, service.client() as client:
        report_id = complete(client)
        assert finished(client, report_id)["stores"] == 40
        for name, answer in answers(client, report_id).items():
            assert answer.status_code == (200 if name == "details" else 409), name
            assert SENTENCE in answer.text, name
        assert SENTENCE in problem(client.get(f"/get_report/{report_id}"), 409)
        newest = client.get("/newest.json").json()
        assert (newest["report_id"], newest["down"], newest["age_seconds"] > 0) == (report_id, None, True)
        home = client.get("/")
        assert (home.status_code, SENTENCE in home.text, report_id in home.text) == (200, True, True)
        assert client.get("/history").is_success
    out = tmp_path / "week.csv"
    cli("fetch", report_id, "--identity", key.path, "--out", out, "--registry", registry)
    with running(polled, "--registry", registry, "--identity", str(key.path)) as service, service.client() as client:
        assert client.get(f"/get_report/{report_id}").content == out.read_bytes()
    _, told = cli("fetch", report_id, "--registry", registry, status=1)
    assert SENTENCE in told
    other = made_key(tmp_path, "other.txt")
    _, told = cli("fetch", report_id, "--identity", other.path, "--registry", registry, status=1)
    assert "with a key that is not here" in told
    _, told = cli("fetch", "f" * 32, "--registry", registry, status=1)
    assert "There is no report with this id" in told


@pytest.mark.long
def test_all_of_a_report_by_periods_is_encrypted(server: str, registry: str, tmp_path: Path) -> None:
    key, other = made_key(tmp_path), made_key(tmp_path, "other.txt")
    keys = ("--encrypt-to", key.recipient, "--identity", str(key.path))
    with (
        named_database(server, tmp_path / "feed") as named,
        running(named, "--registry", registry, *keys) as service,
        service.client() as client,
    ):
        report_id = complete(client, period="last-week", group_by="city")
        outages = client.get(f"/reports/{report_id}/outages?format=csv&only=city=Paris").raise_for_status()
        assert outages.text.count(GAMMA) == 1
        # By the names of the newest report, which this server can read.
        assert client.get("/stores?search=alpha").json()["stores"] == [ALPHA]
        whole = client.get(f"/reports/{report_id}/outages?format=csv").content
        failed = trigger(client, period="last-week", only={"city": "Rome"})
        assert "no store has 'Rome' as its city. Values" in str(finished(client, failed)["error"])
        assert "Berlin" not in str(run(registry, f"select error from store_uptime.report where id = '{failed}'"))
        row = f"select {', '.join(OF_PERIODS)} from store_uptime.report where id = '{report_id}'"
        assert [content[: len(MAGIC)] for content in run(registry, row)[0]] == [MAGIC] * len(OF_PERIODS)
    cli("encryption", "rekey", "--identity", key.path, "--encrypt-to", other.recipient, "--registry", registry)
    view = ("--view", "outages", "--registry", registry)
    _, refused = cli("fetch", report_id, "--identity", key.path, *view, status=1)
    assert "with a key that is not here" in refused
    assert cli("fetch", report_id, "--identity", other.path, *view)[0] == whole
    assert [content[: len(MAGIC)] for content in run(registry, row)[0]] == [MAGIC] * len(OF_PERIODS)


@pytest.mark.long
def test_a_delivered_file_is_encrypted_and_can_be_decrypted(keyed: Keyed) -> None:
    keyed.client.post("/schedules", json={"name": "often", "cron": "0 0 1 1 *", "deliver_to": ["archive"]})
    report_id = keyed.client.post("/schedules/often/run").json()["report_id"]
    finished(keyed.client, report_id)
    eventually(lambda: list(keyed.archive.glob("*.csv.age")), 30)
    (path,) = keyed.archive.glob("*.csv.age")
    assert path.read_bytes().startswith(MAGIC)
    decrypted, _ = cli("encryption", "decrypt", path, "--identity", keyed.key.path)
    assert decrypted == keyed.client.get(f"/get_report/{report_id}").content
    out = keyed.archive / "decrypted.csv"
    cli("encryption", "decrypt", path, "--identity", keyed.key.path, "--out", out)
    assert out.stat().st_mode & 0o777 == 0o600


@pytest.mark.nightly
def test_keys_can_follow_each_other(polled: str, registry: str, tmp_path: Path) -> None:
    old, new = made_key(tmp_path, "old.txt"), made_key(tmp_path, "new.txt")
    at = ("--registry", registry)
    with running(polled, *at) as service, service.client() as client:
        before = complete(client)
    keys = ("--encrypt-to", old.recipient, "--identity", str(old.path))
    with running(polled, *at, *keys) as service, service.client() as client:
        reports = [before, complete(client, lookback="1h")]
        files = [client.get(f"/get_report/{report_id}").content for report_id in reports]
    run(
        registry,
        "insert into store_uptime.delivery (report_id, kind, target, name, content) "
        "select id, 'file', 'nowhere', 'week.csv', 'some rows' from store_uptime.report limit 1",
    )
    _, told = cli("encryption", "rekey", *at, "--encrypt-to", new.recipient, status=1)
    assert "1 could not be opened, and are as they were" in told
    both = ("--identity", old.path, "--identity", new.path)
    _, told = cli("encryption", "rekey", *at, "--encrypt-to", new.recipient, *both)
    assert "3 reports and files on their way are encrypted to 1 key now" in told
    ((name, content),) = run(registry, "select name, content from store_uptime.delivery")
    assert (name, load_encryption([], [new.path]).decrypt(content)) == ("week.csv.age", b"some rows")
    for (summary,) in run(registry, "select summary from store_uptime.report"):
        assert json.loads(load_encryption([], [new.path]).decrypt(summary))["stores"] == 40
    for report_id, file in zip(reports, files, strict=True):
        fetched, _ = cli("fetch", report_id, "--identity", new.path, *at)
        assert fetched == file
        _, told = cli("fetch", report_id, "--identity", old.path, *at, status=1)
        assert "with a key that is not here" in told


SECRET, RECIPIENT = new_identity()
CLOSED = Encryption((RECIPIENT,)).encrypt(bytes(200_000))  # several of age's pieces of 64 KiB
HEAD = CLOSED.index(b"\n---")
NOT_OPENED = {
    "no key here": (CLOSED, (), ReportEncrypted),
    "another key here": (CLOSED, (new_identity()[0],), ReportEncryptedToOthers),
    "damaged, and another key here": (CLOSED[:-9] + bytes(9), (new_identity()[0],), ReportEncryptedToOthers),
    "damaged at its end": (CLOSED[:-9] + bytes(9), (SECRET,), EncryptedReportDamaged),
    "damaged in its midst": (CLOSED[:99_000] + bytes(9) + CLOSED[99_009:], (SECRET,), EncryptedReportDamaged),
    "cut off": (CLOSED[:-9], (SECRET,), EncryptedReportDamaged),
    "cut off after its head": (CLOSED[: HEAD + 60], (SECRET,), EncryptedReportDamaged),
    "cut off in its head": (CLOSED[:HEAD], (SECRET,), EncryptedReportDamaged),
    "no head": (CLOSED[: len(MAGIC)] + bytes(9), (SECRET,), EncryptedReportDamaged),
}


@pytest.mark.parametrize(("content", "identities", "kind"), NOT_OPENED.values(), ids=NOT_OPENED)
def test_why_it_cannot_be_read_is_told_by_what_it_holds(
    content: bytes, identities: tuple[str, ...], kind: type[ReportEncrypted]
) -> None:
    with pytest.raises(ReportEncrypted) as refused:
        Encryption(identities=identities).decrypt(content)
    assert type(refused.value) is kind


@pytest.mark.parametrize("several", [(RECIPIENT, OPENSSH_PUBLIC), (OPENSSH_PUBLIC,)])
def test_a_head_for_several_keys_is_whole(several: tuple[str, ...]) -> None:
    with pytest.raises(ReportEncryptedToOthers):
        Encryption(identities=(new_identity()[0],)).decrypt(Encryption(several).encrypt(b""))


@pytest.mark.long
def test_what_is_damaged_is_told(keyed: Keyed) -> None:
    report_id = complete(keyed.client, lookback="3h")
    shorter = "figures = substr(figures, 1, length(figures) - 20)"
    run(keyed.registry, f"update store_uptime.report set {shorter} where id = '{report_id}'")
    assert "is damaged" in problem(keyed.client.get(f"/get_report/{report_id}"), 409)


@pytest.mark.long
def test_who_may_not_read_gets_nothing(keyed: Keyed, stranger: httpx.Client) -> None:
    report_id = complete(keyed.client)
    assert keyed.client.get(f"/get_report/{report_id}").is_success
    assert {answer.status_code for answer in answers_without(stranger, report_id)} == {401}


def answers_without(client: httpx.Client, report_id: str) -> list[httpx.Response]:
    """What a stranger is answered."""
    paths = (f"/get_report/{report_id}", f"/reports/{report_id}", f"/view/{report_id}/data")
    return [client.get(path) for path in paths]


# The disk -------------------------------------------------------------------------------------------------------------

IDS = [str(uuid4()) for _ in range(60)]
ODD, ALONE = IDS[-1], IDS[0]


@dataclass(frozen=True)
class Disk:
    """What a run has left: the registry's own server, the folder for temporary files, what was delivered, the log."""

    folders: list[Path]

    def holding(self, *needles: bytes) -> set[bytes]:
        """Those that stand somewhere in plain."""
        found: set[bytes] = set()
        for folder in self.folders:
            for path in [folder] if folder.is_file() else folder.rglob("*"):
                if path.is_file():
                    content = path.read_bytes()
                    found |= {needle for needle in needles if needle in content}
        return found


def fill(url: str) -> None:
    """Tables of polls whose store ids are found nowhere else; one store without polls, one with a bad row."""
    run(
        url,
        "create table store_status (store_id text, timestamp_utc text, status text)",
        "create table menu_hours (store_id text, day_of_week int, start_time_local text, end_time_local text)",
        "create table timezones (store_id text, timezone_str text)",
    )
    polls = [
        {"store_id": store, "timestamp_utc": f"2026-03-10 {hour:02}:{number % 60:02}:00 UTC", "status": "active"}
        for number, store in enumerate(IDS[:-1])
        for hour in range(12)
    ]
    bad = [{"store_id": IDS[1], "timestamp_utc": "yesterday", "status": "active"}]
    insert(url, "store_status", polls + bad)
    insert(url, "timezones", [{"store_id": ODD, "timezone_str": "Mars"}])


def left_by_a_run(tables: str, folder: Path, *keys: str) -> set[bytes]:
    """What stands in plain on the disk after reports, views, timelines, rejects, and a delivery."""
    needles = [store[:18].encode() for store in IDS]
    archive, scratch = folder / "archive", folder / "tmp"
    scratch.mkdir()
    with new_cluster() as cluster, cluster.running("wal_compression=off"):
        options = ("--registry", cluster.socket_url, "--destination", f"archive={archive}", *keys)
        with running(tables, *options, TMPDIR=str(scratch)) as service, service.client() as client:
            look_at_everything(client)
            eventually(lambda: archive.exists() and any(archive.iterdir()), 30)
            log = service.log.read_bytes()
            run(cluster.socket_url, "checkpoint")
            (folder / "log").write_bytes(log)
            disk = Disk([cluster.data, scratch, archive, folder / "log"])
            return disk.holding(*needles, b"PAR1")


def look_at_everything(client: httpx.Client) -> None:
    """A report of all stores, one of a single store, one on schedule; each read in every way."""
    for report_id in (complete(client), complete(client, store_id=ALONE)):
        assert {answer.status_code for answer in answers(client, report_id).values()} <= {200, 303, 404, 409}
    wanted = {"name": "often", "cron": "0 0 1 1 *", "deliver_to": ["archive"], "format": "parquet"}
    assert client.post("/schedules", json=wanted).is_success
    assert finished(client, client.post("/schedules/often/run").json()["report_id"])["status"] == "Complete"


@pytest.mark.long
def test_no_store_is_in_plain_on_the_disk_but_where_the_docs_say(database: str, key: Key, tmp_path: Path) -> None:
    fill(database)
    keys = ("--encrypt-to", key.recipient, "--identity", str(key.path))
    found = left_by_a_run(database, tmp_path, *keys)  # in the audit the stores that were explained are digests
    assert found == {ALONE[:18].encode()}  # the options of the report of one store


@pytest.mark.long
def test_what_a_run_spills_holds_no_ids(tmp_path: Path) -> None:
    ids = [str(uuid4()) for _ in range(60_000)]
    with watched(tmp_path) as spilled:
        report = build_report(large(ids), limits=Limits("40MiB", 2, str(tmp_path)))
    assert report.exact.height == len(ids)
    assert sum(map(len, spilled.values())) > 1 << 20
    assert not any(store[:18].encode() in content for store in ids[:500] for content in spilled.values())


def large(ids: list[str]) -> Frames:
    """A week of daily polls of open stores."""
    hours = pl.DataFrame({"hour": range(0, 168, 24)})
    polled = pl.lit(datetime(2026, 3, 10, 12, tzinfo=UTC)) - pl.duration(hours="hour")
    polls = pl.DataFrame({"store_id": ids}).join(hours, how="cross")
    written = polled.dt.strftime("%Y-%m-%d %H:%M:%S UTC")
    status = pl.when(pl.col("hour") % 7 == 0).then(pl.lit("inactive")).otherwise(pl.lit("active"))
    zones = {"store_id": ids, "timezone_str": ["America/New_York"] * len(ids)}
    opened = pl.DataFrame({"store_id": ids}).join(pl.DataFrame({"day_of_week": list("0123456")}), how="cross")
    daily = opened.with_columns(start_time_local=pl.lit("09:00"), end_time_local=pl.lit("21:00"))
    return Frames(polls.select("store_id", timestamp_utc=written, status=status), daily, pl.DataFrame(zones))


@contextmanager
def watched(folder: Path) -> Generator[dict[str, bytes]]:
    """Every file that was in a folder within the block, as long as it ever was."""
    seen: dict[str, bytes] = {}
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.02):
            for path in folder.rglob("*"):
                with suppress(OSError):
                    content = path.read_bytes()
                    seen[path.name] = max(content, seen.get(path.name, b""), key=len)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()


@pytest.mark.nightly
def test_the_search_would_find_them(database: str, tmp_path: Path) -> None:
    fill(database)
    found = left_by_a_run(database, tmp_path)
    assert {b"PAR1", ODD[:18].encode()} <= found
