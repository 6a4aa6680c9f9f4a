"""What users get: a wheel that is whole, and pinned versions that install."""

import re
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT, run, uv
from tests.support.feeds import HOURS, POLLS, ZONES, lines, surroundings, written_feed

pytestmark = pytest.mark.long
LOCK = ROOT / "requirements.lock"


def contents(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel by name."""
    file = zipfile.ZipFile(wheel)
    return {name: file.read(name) for name in file.namelist()}


def test_the_wheel_holds_the_package_whole_and_nothing_else(wheel: Path) -> None:
    packaged = {name for name in contents(wheel) if ".dist-info/" not in name}
    paths = [
        path
        for package in ("pipeline", "service", ".")
        for path in (ROOT / "store_uptime" / package).glob("*" if package == "." else "**/*")
    ]
    files = {str(path.relative_to(ROOT)) for path in paths if path.is_file() and path.suffix != ".pyc"}
    assert packaged == files
    assert len([name for name in packaged if name.endswith(".sql")]) >= 20


def test_the_wheel_carries_its_licence_its_command_and_its_types(wheel: Path) -> None:
    files = {re.sub(r"^[^/]+\.dist-info/", "", name): content for name, content in contents(wheel).items()}
    assert "licenses/LICENSE" in files
    assert b"store-uptime = store_uptime.service.__main__:main" in files["entry_points.txt"]
    assert "store_uptime/py.typed" in files


def test_the_source_distribution_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """And so does a checkout that has real folders where ours has links."""
    uv("build", "--out-dir", tmp_path, ROOT, cwd=tmp_path)  # the wheel from what the source distribution holds
    (built,) = tmp_path.glob("*.whl")
    assert contents(built) == contents(wheel)


# Installed ------------------------------------------------------------------------------------------------------------

OUR_FOLDERS = ("pipeline", "service", "tests", "benches", "docs")
FIND = "import sys, importlib.util as util; print([name for name in sys.argv[1:] if util.find_spec(name)])"
USE_BOTH_PATHS = (
    "from store_uptime import build_report, pipeline\n"
    "assert build_report.__module__ == 'store_uptime.pipeline.build' and build_report is pipeline.build_report"
)
FIND_FILES = """
from store_uptime.service.page import templates
assert "business interval" in templates.document("semantics.md")
assert {"page.js", "base.css"} <= {path.name for path in (templates.FOLDER / "assets").iterdir()}
assert (templates.FOLDER / "templates" / "base.html").is_file()
"""


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("feeds") / "feed"
    written_feed(folder, polls=lines(POLLS, "a,2024-05-06 12:00:00 UTC,active"), hours=lines(HOURS), zones=lines(ZONES))
    return folder


def python_of(installed: Path) -> Path:
    return installed.with_name("python")


def test_it_runs_where_it_is_installed(installed: Path, feed: Path, tmp_path: Path) -> None:
    """Without any extra. The service does so in test_unit.py: the built-in server, a report, the page."""
    assert re.fullmatch(r"\d+\.\d+\.\d+\s*", run(installed, "--version", cwd=tmp_path))
    assert "1 store" in run(installed, "report", "--source", feed, "--out", "week.csv", cwd=tmp_path)
    assert len((tmp_path / "week.csv").read_text(encoding="utf-8").splitlines()) == 2


def test_nothing_of_ours_can_be_imported_but_store_uptime(installed: Path, tmp_path: Path) -> None:
    assert run(python_of(installed), "-c", FIND, *OUR_FOLDERS, cwd=tmp_path).strip() == "[]"
    run(python_of(installed), "-c", USE_BOTH_PATHS, cwd=tmp_path)


def test_modules_of_the_user_change_nothing_whatever_their_names(installed: Path, feed: Path, tmp_path: Path) -> None:
    for name in OUR_FOLDERS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text('raise SystemExit("this is the user\'s")', encoding="utf-8")
    for command in ([installed], [python_of(installed), "-m", "store_uptime"]):
        done = subprocess.run(
            [*command, "report", feed, "--out", "-"],
            cwd=tmp_path,
            env=surroundings(PYTHONPATH=str(tmp_path)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, len(done.stdout.splitlines())) == (0, 2), done.stderr


def test_what_the_page_reads_is_installed(installed: Path, tmp_path: Path) -> None:
    run(python_of(installed), "-c", FIND_FILES, cwd=tmp_path)


NEEDING_AN_EXTRA = {
    "a bucket": (
        ["serve", "--destination", "away=s3://reports/shop"],
        "reports cannot be delivered to a bucket: this needs an extra. "
        "Install it with `pip install 'store-uptime[storage]'`.",
    ),
    "objects": (
        ["report", "s3://lake/shop"],
        "objects in a bucket can neither be read nor written: this needs an extra. "
        "Install it with `pip install 'store-uptime[storage]'`.",
    ),
    "a recipient": (
        ["serve", "--encrypt-to", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kdq3tye3qvk2u4h"],
        "reports can neither be encrypted nor decrypted: this needs an extra. "
        "Install it with `pip install 'store-uptime[encryption]'`.",
    ),
    "a cluster": (
        ["worker", "tcp://127.0.0.1:8786"],
        "a report cannot be made on a cluster: this needs an extra. "
        "Install it with `pip install 'store-uptime[cluster]'`.",
    ),
    "a key": (
        ["encryption", "key", "key.txt"],
        "reports can neither be encrypted nor decrypted: this needs an extra. "
        "Install it with `pip install 'store-uptime[encryption]'`.",
    ),
}


@pytest.mark.parametrize(("arguments", "sentence"), NEEDING_AN_EXTRA.values(), ids=NEEDING_AN_EXTRA)
def test_where_an_extra_is_missing_a_sentence_says_what_for_and_how_to_install_it(
    installed: Path, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    """`installed` has none."""
    done = subprocess.run(
        [installed, *arguments],
        cwd=tmp_path,
        env=surroundings(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (1, f"store-uptime: {sentence}\n")
    assert list(tmp_path.iterdir()) == []


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
    extras = project["optional-dependencies"]
    every = [*project["dependencies"], *(need for extra in extras for need in extras[extra] if extra != "all")]
    needs = {re.split(r"[\[>=; ]", need)[0] for need in every}
    pinned = re.findall(r"^([\w-]+)(?:\[\w+\])?==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    assert needs <= set(pinned)


def test_the_extra_for_all_names_every_other() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert extras["all"] == [f"store-uptime[{','.join(sorted(extras.keys() - {'all'}))}]"]
