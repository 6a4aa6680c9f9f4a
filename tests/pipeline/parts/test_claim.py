"""Who is at a run: a second driver takes another name where the first one lives, and the same where it does not."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec import json

from store_uptime.pipeline.parts.claim import SILENT_S, Sign, claimed
from store_uptime.pipeline.parts.exchange import exchange_at


def name_beside(folder: Path, sign: Sign) -> str:
    """The name that a run gets beside a sign of life."""
    exchange = exchange_at(str(folder))
    exchange.put("run/drivers/another", json.encode(sign))
    with claimed(exchange, "run") as name:
        return name


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_run_that_nobody_is_at_keeps_its_name_and_is_signed_for(tmp_path: Path) -> None:
    exchange = exchange_at(str(tmp_path))
    with claimed(exchange, "run") as name:
        assert name == "run"
        while not exchange.names("run/drivers"):
            time.sleep(0.01)
        with claimed(exchange, "run") as other:
            assert other.startswith("run-")


@pytest.mark.parametrize("here", [True, False])
def test_a_driver_that_lives_is_left_alone(here: bool, tmp_path: Path) -> None:
    host = socket.gethostname() if here else "elsewhere"
    assert name_beside(tmp_path, Sign(host, os.getppid(), "", time.time())) != "run"


def test_a_run_is_taken_over_from_a_driver_that_is_dead_or_silent(tmp_path: Path) -> None:
    assert name_beside(tmp_path, Sign(socket.gethostname(), ended_process(), "", time.time())) == "run"
    assert name_beside(tmp_path, Sign("elsewhere", 1, "", time.time() - SILENT_S - 1)) == "run"


def test_a_sign_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    exchange = exchange_at(str(tmp_path))
    exchange.put("run/drivers/another", b"{")
    with claimed(exchange, "run") as name:
        assert name == "run"
