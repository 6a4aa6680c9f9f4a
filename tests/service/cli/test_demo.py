"""`store-uptime sample` and `store-uptime demo`."""

import os
import re
import signal
import subprocess
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from store_uptime.service.cli.demo import enter_service
from tests.support.commands import Command, taken
from tests.support.feeds import COMMAND, surroundings
from tests.support.postgres import eventually, free_port, open_folder
from tests.support.running import CLASSIC_HEADER, started_with


def test_a_sample_never_overwrites_unless_it_is_forced(command: Command, tmp_path: Path) -> None:
    arguments = ["sample", tmp_path / "feed", "--stores", "2", "--days", "1"]
    assert command(*arguments).status == 0
    before = (tmp_path / "feed" / "timezones.csv").read_bytes()
    again = command(*arguments, "--seed", "2")
    assert (again.status, "--force" in again.err) == (1, True)
    assert (tmp_path / "feed" / "timezones.csv").read_bytes() == before
    assert command(*arguments, "--seed", "2", "--force").status == 0
    assert (tmp_path / "feed" / "timezones.csv").read_bytes() != before


@contextmanager
def demo(*options: str) -> Generator[tuple["subprocess.Popen[bytes]", Path]]:
    """The demo, as a terminal would start it, and a folder of its own with what it says in `err`; it leaves nothing."""
    with open_folder() as folder:
        (folder / "tmp").mkdir()
        environment = surroundings(STORE_UPTIME_DATA_DIR=str(folder / "data"), TMPDIR=str(folder / "tmp"))
        with (folder / "err").open("wb") as err:
            process = subprocess.Popen(
                [COMMAND, "demo", *options],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                start_new_session=True,
            )
        try:
            yield process, folder
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            process.wait(60)
        eventually(lambda: not started_with(folder / "tmp"), 30)
        assert [path.name for path in folder.rglob("*") if path.is_file()] == ["err"]
        assert list((folder / "tmp").iterdir()) == []


@pytest.mark.long
@pytest.mark.anywhere
def test_the_demo_shows_it_all_over_http_and_leaves_nothing() -> None:
    with demo("--once") as (process, folder):
        out, _ = process.communicate(timeout=120)
        said = (folder / "err").read_text(encoding="utf-8")
        assert process.returncode == 0, said
    assert out.decode().splitlines()[1] == CLASSIC_HEADER
    assert b"more rows" in out
    assert b"local time of " in out
    assert "176,197 rows accepted" in said
    for step in ("POST /trigger_report", "   Running   ", "   Complete  ", "now       2", "polls     "):
        assert step in said
    assert re.search(r"^The page: http://127.0.0.1:\d+ ", said, re.MULTILINE)
    assert "Ctrl-C" not in said


@pytest.mark.nightly
def test_the_demo_serves_also_where_its_port_is_taken_and_takes_its_service_along_when_it_is_ended() -> None:
    with taken(8000), demo() as (process, folder):
        said = folder / "err"
        eventually(lambda: "Ctrl-C ends it." in said.read_text(encoding="utf-8") or process.poll() is not None, 120)
        (page,) = re.findall(r"^The page: (\S+) ", said.read_text(encoding="utf-8"), re.MULTILINE)
        assert not page.endswith(":8000")
        assert "Now · store-uptime</title>" in httpx.get(page).text
        assert httpx.get(f"{page}/reports").json()["reports"][0]["status"] == "Complete"
        os.kill(process.pid, signal.SIGTERM)  # which does what Ctrl-C does, but is for the demo alone
        assert process.wait(60) == 0
        eventually(lambda: not started_with(folder / "tmp"), 30)


@pytest.mark.long
def test_a_port_that_was_taken_since_it_was_looked_at_is_not_waited_for(
    polled: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_UPTIME_REGISTRY", database)
    with taken(port := free_port()), ExitStack() as resources:
        looks = iter([port, 0])
        monkeypatch.setattr("store_uptime.service.cli.demo.free_port", lambda: next(looks))
        service = enter_service(resources, polled)
        assert httpx.get(f"{service.url}/ready").is_success
        assert not service.url.endswith(f":{port}")
