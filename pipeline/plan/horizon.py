"""A source and options in, now and the horizon out: docs/semantics.md, "Time".

find_horizon     the horizon of a run
find_now         its now
no_polls         the error where the horizon has no accepted poll
nothing_polled   the error where the source has none at all
"""

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from store_uptime.pipeline.durations import DAY_US, WEEK_US, microseconds
from store_uptime.pipeline.errors import (
    CHOOSE_NOW,
    EXPORT_POLLS,
    LATEST_NOW,
    LOAD_POLLS,
    HorizonOutOfRange,
    NoPolls,
    NoPollsInHorizon,
    NowTooLate,
    UnknownStore,
)
from store_uptime.pipeline.instants import instant_us, iso
from store_uptime.pipeline.mapping.mapping import mapping_line
from store_uptime.pipeline.mapping.time_units import other_unit
from store_uptime.pipeline.options import Horizon, Options

if TYPE_CHECKING:
    from store_uptime.pipeline.source.protocol import Source

FIRST_US, LAST_US = instant_us(datetime.min), instant_us(datetime.max)
# Intervals and offsets are also computed for some days before the horizon: these must lie in the calendar too.
CALENDAR_START_US = instant_us(datetime(1, 1, 20, tzinfo=UTC))
CALENDAR_END_US = instant_us(datetime.fromisoformat(LATEST_NOW))


class Now(NamedTuple):
    """Now of a run, in microseconds since 1970; ahead_us, clock_us: see `Horizon`."""

    us: int
    ahead_us: int | None = None
    clock_us: int | None = None


def find_horizon(source: "Source", options: Options) -> Horizon:
    """The horizon of a report. Raises UnknownStore, HorizonOutOfRange, and NoPolls where there is no now."""
    if options.store is not None and not source.has_polled(options.store):
        raise UnknownStore(options.store, source.name)
    now = find_now(source, options)
    return horizon_before(now, options.lookback)


def find_now(source: "Source", options: Options) -> Now:
    """Now, given or found. Raises NoPolls where there is none."""
    if options.now is not None:
        return Now(instant_us(options.now))
    clock_us = time.time_ns() // 1_000
    due_us = clock_us if options.until is None else instant_us(options.until)
    # A poll after the due time does not exist for this report, so none of them can be ahead of the clock.
    until = None if options.until is None else source.newest_poll_us(due_us)
    if until is not None:
        return Now(until, clock_us=due_us)
    # A mistyped year would otherwise be now, and every real poll would lie before the horizon.
    ahead = clock_us + DAY_US
    newest = source.newest_poll_us(ahead)
    if newest is None:
        raise nothing_polled(source)
    return Now(newest, ahead, due_us)


def horizon_before(now: Now, lookback: timedelta) -> Horizon:
    """The horizon that ends at now. Raises HorizonOutOfRange."""
    start_us = now.us - WEEK_US - microseconds(lookback)
    if start_us < CALENDAR_START_US or now.us > CALENDAR_END_US:
        writable_us = min(max(now.us, FIRST_US), LAST_US)  # an offset may lead out of the years that can be written
        written = iso(writable_us)
        raise (NowTooLate if written > LATEST_NOW else HorizonOutOfRange)(written, in_largest_unit(lookback))
    return Horizon(start_us, *now)


def in_largest_unit(lookback: timedelta) -> str:
    days, hours = lookback / timedelta(days=1), lookback / timedelta(hours=1)
    return f"{days:.12g}d" if days >= 2 else f"{hours:.12g}h"


def no_polls(source: "Source", horizon: Horizon) -> NoPolls:
    """The error where the horizon has no accepted poll: it names the oldest and the newest poll of the source."""
    span = source.poll_span_us()
    if span is None:
        return nothing_polled(source)
    oldest, newest = map(iso, span)
    within = f"from {iso(horizon.start_us)} to {iso(horizon.now_us)}"
    unit = other_unit(span[1], source.mapping.timestamp_unit)
    if unit is None:
        return NoPollsInHorizon(source.name, CHOOSE_NOW, within, oldest, newest)
    line = mapping_line("store_status", "timestamp_unit", unit)
    remedy = f"The line {line} in the mapping gives likelier times."
    return NoPollsInHorizon(source.name, remedy, within, oldest, newest)


def nothing_polled(source: "Source") -> NoPolls:
    """The error where the source has no accepted poll at all."""
    # Files without polls must be exported again, and tables loaded. A database does not count outside the horizon.
    return NoPolls(source.name, EXPORT_POLLS if source.counts_outside_horizon else LOAD_POLLS)
