"""What the log keeps of what libraries say."""

import logging

import psycopg
import pytest

from store_uptime.service.observability.logs import FailedConnections


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
