"""The intervals and time limits of a server."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How often a server looks, and how long it waits, in seconds. In no help and no docs: where tests would have to
    wait as long, they ask for less."""

    tick_s: float = 1.0
    """between two looks at what is due, waiting, or cancelled"""
    renew_s: float = 4.0
    """between two renewals of a lease"""
    lease_s: float = 15.0
    """how long a run is a server's that does not renew its lease"""
    follow_s: float = 0.25
    """between two looks of somebody who follows a report; the end of a run of this server is seen at once"""
    tidy_s: float = 60.0
    """between two looks at what is too old to keep"""
    webhook_s: float = 10.0
    """how long the receiver of an announcement may take"""
    desk_s: float = 0.0
    """after the start, until the workers for short work are made ready unasked"""
    stored_s: float = 45.0
    """how long it may take to show what is stored"""
    source_s: float = 45.0
    """how long short work that reads the source may take"""
    connection_s: float = 3.0
    """how long a statement of the registry waits for a connection"""
    statement_s: float = 10.0
    """how long it may take"""
    idle_s: float = 3.0
    """how long a transaction of the registry may wait for us, until PostgreSQL ends it"""
    look_s: float = 10.0
    """how long a look at the source may take"""
    probe_s: float = 2.0
    """between two checks of /ready"""
    head_s: float = 10.0
    """how long the head of a request may take"""
    request_s: float = 60.0
    """until an answer must have begun"""


DEFAULT_TIMING = Timing()
"""That of every server but those of tests."""
