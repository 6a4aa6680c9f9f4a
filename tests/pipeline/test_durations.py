"""Durations as people write them: read, refused, and written again."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from store_uptime.pipeline.durations import duration_text, parse_duration
from tests.support.profiles import examples

MOST_S = 999_999_999  # what a text holds in each of its units

READ = {
    "90m": timedelta(minutes=90),
    "2h": timedelta(hours=2),
    "1d12h": timedelta(days=1, hours=12),
    "0h": timedelta(0),
    "0d0h0m0s": timedelta(0),
    "45s": timedelta(seconds=45),
    "1d2h3m4s": timedelta(days=1, hours=2, minutes=3, seconds=4),
    "1d4s": timedelta(days=1, seconds=4),
    "007h": timedelta(hours=7),
    "25h": timedelta(days=1, hours=1),
    "999999999d": timedelta(days=999_999_999),
    "999999999s": timedelta(seconds=999_999_999),
}


@pytest.mark.parametrize(("text", "meaning"), READ.items(), ids=READ)
def test_a_text_stands_for_a_duration(text: str, meaning: timedelta) -> None:
    assert parse_duration(text) == meaning


REFUSED = {
    "nothing": "",
    "no unit": "90",
    "only a unit": "h",
    "units in another order": "12h1d",
    "a unit twice": "1h2h",
    "a sign": "-2h",
    "a fraction": "1.5h",
    "a space": "1d 12h",
    "space around it": " 2h",
    "a line end": "2h\n",
    "a capital": "2H",
    "words": "2 hours",
    "ISO 8601": "PT2H",
    "a clock": "01:30:00",
    "digits of another script": "٣h",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_any_other_text_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration: write 90m, 2h or 1d12h"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["999999999d24h", "999999999d999999999h", "1000000000s", "99999999999999d"])
def test_so_is_what_is_longer_than_time(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' is longer than a duration may be"):
        parse_duration(text)


WRITTEN = {
    0: "0h",
    1: "1s",
    60: "1m",
    90 * 60: "1h30m",
    3_600: "1h",
    7_200.0: "2h",
    86_400: "1d",
    86_399: "23h59m59s",
    129_600: "1d12h",
    90_061: "1d1h1m1s",
    86_400 * 999_999_999: "999999999d",
}


@pytest.mark.parametrize(("seconds", "text"), WRITTEN.items(), ids=WRITTEN.values())
def test_whole_seconds_are_written_in_the_largest_units(seconds: float, text: str) -> None:
    assert duration_text(timedelta(seconds=seconds)) == text


@examples(100)
@given(st.integers(0, MOST_S * 86_400))
def test_what_was_written_is_read_as_the_same(seconds: int) -> None:
    assert parse_duration(duration_text(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@examples(100)
@given(*(st.integers(0, limit) for limit in (10_000, MOST_S, MOST_S, MOST_S)))
def test_what_was_read_is_written_as_the_shortest_that_means_the_same(
    days: int, hours: int, minutes: int, seconds: int
) -> None:
    text = f"{days}d{hours}h{minutes}m{seconds}s"
    meaning = parse_duration(text)
    short = duration_text(meaning)
    assert parse_duration(short) == meaning
    assert len(short) <= len(text)
    assert duration_text(parse_duration(short)) == short
