"""The wheel, and an environment that it was installed in, for the tests of what users get."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.feeds import surroundings

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "docs" / "deploy"
UV = shutil.which("uv")
FOR_EVERYBODY = "/usr/bin/python3"  # one that another user can run, too, where it is new enough
IS_NEW_ENOUGH = "import sys; sys.exit(sys.version_info < (3, 11))"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--out-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path) -> Path:
    """The command in an environment that has the wheel and what it needs, and nothing else."""
    environment = wheel.parent / "environment"
    python = ["--python", FOR_EVERYBODY] if is_for_everybody() else []
    uv("venv", "--relocatable", *python, environment, cwd=wheel.parent)
    uv("pip", "install", "--python", environment, wheel, cwd=wheel.parent)
    return environment / "bin" / "store-uptime"


def is_for_everybody() -> bool:
    """Whether there is a Python that another user can run, too."""
    return (
        Path(FOR_EVERYBODY).exists()
        and subprocess.run([FOR_EVERYBODY, "-c", IS_NEW_ENOUGH], check=False).returncode == 0
    )


def uv(*arguments: str | Path, cwd: Path) -> str:
    """What uv says, on either of its outputs."""
    if UV is None:
        pytest.skip("uv is not on the search path")
    return run(UV, *arguments, cwd=cwd)


def run(*command: str | Path, cwd: Path) -> str:
    """What a program says, on either of its outputs; it must succeed."""
    done = subprocess.run(
        command, cwd=cwd, env=surroundings(UV_COMPILE_BYTECODE="0"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr
