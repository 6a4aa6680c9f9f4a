"""What users get: a wheel that is whole, and pinned versions that install."""

import re
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT, run, uv

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
    assert re.fullmatch(r"\d+\.\d+\.\d+\s*", run(installed, "--version", cwd=tmp_path))
    run(installed, "sample", "feed", "--stores", "10", "--days", "3", cwd=tmp_path)
    said = run(installed, "report", "--source", "feed", "--out", "week.csv", cwd=tmp_path)
    assert "10 stores" in said
    shown = "from service import templates; print(templates.semantics())"
    assert "What the figures mean" in run(installed.with_name("python"), "-c", shown, cwd=tmp_path)
    assert len((tmp_path / "week.csv").read_text(encoding="utf-8").splitlines()) == 11


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
