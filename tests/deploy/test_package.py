"""What users get: a wheel that is whole, and pinned versions that install."""

import re
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT, run, uv
from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed

pytestmark = pytest.mark.long
LOCK = ROOT / "requirements.lock"


def test_the_wheel_holds_both_packages_whole_and_nothing_else(wheel: Path) -> None:
    packaged = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    sources = {path for package in ("pipeline", "service") for path in (ROOT / package).rglob("*") if path.is_file()}
    shown = {"service/page/semantics.md"}  # which the page shows
    assert packaged - shown == {str(path.relative_to(ROOT)) for path in sources if path.suffix != ".pyc"}
    assert shown <= packaged
    assert len([name for name in packaged if name.endswith(".sql")]) >= 20


def test_the_wheel_carries_its_licence_and_its_command(wheel: Path) -> None:
    file = zipfile.ZipFile(wheel)
    about = {name.partition(".dist-info/")[2]: name for name in file.namelist() if ".dist-info/" in name}
    assert "licenses/LICENSE" in about
    assert b"store-uptime = service.__main__:main" in file.read(about["entry_points.txt"])


def test_it_runs_where_it_is_installed(installed: Path, tmp_path: Path) -> None:
    """The service does so in test_unit.py."""
    assert re.fullmatch(r"\d+\.\d+\.\d+\s*", run(installed, "--version", cwd=tmp_path))
    polls = lines(POLLS, "a,2024-05-06 12:00:00 UTC,active")
    written_feed(tmp_path / "feed", polls=polls, hours=lines(HOURS), zones=lines(ZONES))
    assert "1 store" in run(installed, "report", "--source", "feed", "--out", "week.csv", cwd=tmp_path)
    assert len((tmp_path / "week.csv").read_text(encoding="utf-8").splitlines()) == 2


def test_the_lock_installs_with_its_hashes(tmp_path: Path) -> None:
    uv("venv", "environment", cwd=tmp_path)
    options = ["--python", "environment", "--require-hashes", "--dry-run", "-r", LOCK]
    assert "polars==" in uv("pip", "install", *options, cwd=tmp_path)


def test_the_lock_holds_versions_and_hashes_and_no_address() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert "://" not in text
    assert all("==" in line for line in text.splitlines() if line and line[0].isalpha())
    assert text.count("--hash=sha256:") > text.count("==")


def test_the_lock_has_what_the_project_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = {re.split(r"[\[>=; ]", need)[0] for need in project["dependencies"]}
    pinned = re.findall(r"^([\w-]+)(?:\[\w+\])?==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    assert needs <= set(pinned)
