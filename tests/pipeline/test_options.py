"""What a report is asked for: written as text or as times, stored as plain values, and read again, also of old."""

import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, strategies as st

from store_uptime.pipeline.options import Options
from tests.support.profiles import examples

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
TWO_HOURS = timedelta(hours=2)
SAME = {
    "instant": (Options(now="2026-03-09T12:00"), Options(now=NOON)),
    "instant with an offset": (Options(now="2026-03-09T13:00+01:00"), Options(now=NOON)),
    "instant without an offset": (Options(now=datetime(2026, 3, 9, 12)), Options(now=NOON)),
    "day": (Options(until="2026-03-09"), Options(until=NOON - timedelta(hours=12))),
    "durations": (Options(max_gap="2h", lookback="0h"), Options(max_gap=TWO_HOURS, lookback=timedelta(0))),
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no instant": ({"now": "yesterday"}, "now: 'yesterday' is not an instant: write 2026-03-09"),
    "no duration": ({"max_gap": "2 hours"}, "max_gap: '2 hours' is not a duration: write 90m"),
    "no gap": ({"max_gap": "0h"}, "max_gap: it must be more than 0h"),
    "back in time": ({"lookback": -TWO_HOURS}, "lookback: it must be 0h or more"),
    "a number for an instant": ({"now": 5}, "now: 5 is not an instant: give a datetime, or a text"),
    "a number for a duration": ({"max_gap": 7200}, "max_gap: 7200 is not a duration: give a timedelta, or a text"),
    "a number for an id": ({"store": 5}, "store: 5 is not the id of a store"),
}
ALL = Options(NOON, "7", TWO_HOURS, timedelta(0), NOON)
OF_OLD: dict[str, tuple[Options, dict[str, Any]]] = {
    "a row": (
        Options(NOON, "7", TWO_HOURS, timedelta(0)),
        {"now": "2026-03-09T12:00:00Z", "store_id": "7", "max_gap": 7200.0, "lookback": 0.0, "columns": "plain"},
    ),
    "a row without options": (
        Options(),
        {"now": None, "store_id": None, "max_gap": None, "lookback": 86400.0, "columns": "extended"},
    ),
    "an archive": (
        ALL,
        {
            "now_us": 1_773_057_600_000_000,
            "store": "7",
            "max_gap_us": 7_200_000_000,
            "lookback_us": 0,
            "until_us": 1_773_057_600_000_000,
        },
    ),
    "an archive before until": (
        Options(),
        {"now_us": None, "store": None, "max_gap_us": None, "lookback_us": 86_400_000_000},
    ),
}
TO_THE_MICROSECOND = st.timedeltas(timedelta(microseconds=1), timedelta(days=36_500))
MOMENTS = st.datetimes(
    datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from([UTC, timezone(TWO_HOURS)])
)
OPTIONS = st.builds(
    Options,
    now=st.none() | MOMENTS,
    store=st.none() | st.text(),
    max_gap=st.none() | TO_THE_MICROSECOND,
    lookback=TO_THE_MICROSECOND,
    until=st.none() | MOMENTS,
)


@pytest.mark.parametrize(("written", "meant"), SAME.values(), ids=SAME)
def test_text_means_what_a_time_does(written: Options, meant: Options) -> None:
    assert written == meant
    assert hash(written) == hash(meant)


@pytest.mark.parametrize(("facts", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_by_its_name(facts: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Options(**facts)


@examples(100)
@given(OPTIONS)
def test_options_come_back_from_plain_values(options: Options) -> None:
    assert Options.from_dict(json.loads(json.dumps(options.to_dict()))) == options
    assert pickle.loads(pickle.dumps(options)) == replace(options) == options


@pytest.mark.parametrize(("meant", "stored"), OF_OLD.values(), ids=OF_OLD)
def test_what_was_stored_by_an_earlier_version_is_read(meant: Options, stored: dict[str, Any]) -> None:
    assert Options.from_dict(stored) == meant


def test_a_row_is_stored_as_the_rows_before_it_were() -> None:
    """Else a trigger would not find the equal report that is there already."""
    meant, stored = OF_OLD["a row"]
    assert json.dumps(meant.to_dict() | {"columns": "plain"}) == json.dumps(stored)


@pytest.mark.parametrize("plain", [{}, {"now": 1, "store_id": None, "max_gap": None, "lookback": 0}], ids=str)
def test_what_holds_no_options_is_an_error(plain: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        Options.from_dict(plain)
