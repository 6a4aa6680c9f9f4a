"""The log of a server: one line an event, whoever writes it."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from store_uptime.pipeline import write_sample
from store_uptime.service.observability.logs import FailedConnections

RUN = """
import sys
from store_uptime import build_report
from store_uptime.service.observability import logs
logs.configure("json")
build_report(sys.argv[1])
"""


def test_the_log_of_the_pipeline_is_part_of_the_log_of_the_service(tmp_path: Path) -> None:
    write_sample(tmp_path, stores=3, days=2)
    done = subprocess.run([sys.executable, "-c", RUN, tmp_path], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    loggers = {"store_uptime.pipeline.run", "store_uptime.pipeline.report.computed"}
    assert {line["logger"] for line in lines} == loggers
    assert {line["level"] for line in lines} == {"info", "warning"}
    assert any(line["event"].startswith(f"computed {tmp_path}: polls: ") for line in lines)


def said(message: str, *arguments: object) -> logging.LogRecord:
    """What the pool of connections logs."""
    return logging.LogRecord("psycopg.pool", logging.WARNING, "", 0, message, arguments, None)


@pytest.mark.parametrize("message", ["error connecting in %r: %s", "%r: the connection has failed: %s"])
def test_why_a_connection_fails_is_logged_once_each_time_it_changes(message: str) -> None:
    refused, closed = psycopg.OperationalError("refused"), psycopg.OperationalError("closed")
    passes = FailedConnections()
    shown = [passes.filter(said(message, "registry", error)) for error in (refused, refused, closed, refused)]
    assert shown == [True, False, True, True]


def test_what_else_the_pool_says_is_not() -> None:
    assert not FailedConnections().filter(said("growing pool %r to %s", "registry", 3))
