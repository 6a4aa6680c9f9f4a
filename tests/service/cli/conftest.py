"""What the tests of commands share."""

import os
from pathlib import Path

import pytest

from store_uptime.service.cli.main import exit_status
from tests.support.commands import SILENT_STORES, Command, Said
from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed


@pytest.fixture
def command(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in this process, in the environment of nobody in particular."""
    for name in os.environ:
        if name.startswith(("STORE_UPTIME_", "DATABASE_URL")):
            monkeypatch.delenv(name)

    def called(*arguments: str | Path) -> Said:
        monkeypatch.setattr("sys.argv", ["store-uptime", *map(str, arguments)])
        status = exit_status()
        out, err = capsysbinary.readouterr()
        return Said(status, out, err.decode())

    return called


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Three stores, of which two have fallen silent: a warning."""
    hours = lines(HOURS, "a,0,09:00,17:00", "a,9,09:00,17:00")
    return written_feed(tmp_path / "small", polls=lines(POLLS, *SILENT_STORES), hours=hours, zones=lines(ZONES))
