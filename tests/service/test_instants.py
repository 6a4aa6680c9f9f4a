"""Instants and durations as people write them: read alike, or refused, by a command, by the API and from a form."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from cyclopts import CycloptsError
from hypothesis import given, strategies as st
from litestar.exceptions import ValidationException

from store_uptime.pipeline import DURATION_PATTERN, Options
from store_uptime.pipeline.instants import GRAMMAR, parse_instant
from store_uptime.service.cli.main import app
from store_uptime.service.routes.request_options import requested_options
from store_uptime.service.routes.request_schemas import TriggerRequest
from store_uptime.service.routes.validation import body_faults
from tests.support.profiles import examples

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
READ = {
    "2026-03-09": datetime(2026, 3, 9, tzinfo=UTC),
    "2026-03-09T12:00": NOON,
    "2026-03-09 12:00": NOON,
    "2026-03-09T12:00:00": NOON,
    "2026-03-09T12:00:00Z": NOON,
    "2026-03-09t12:00:00z": NOON,
    "2026-03-09T13:00+01:00": NOON,
    "2026-03-09 06:30-0530": NOON,
    "2026-03-09T13:00:00.5+01:00": NOON + timedelta(seconds=0.5),
    "2026-03-09T12:00:00.000001999Z": NOON + timedelta(microseconds=1),
    "0001-01-01": datetime(1, 1, 1, tzinfo=UTC),
    "9999-12-31T23:59:59.999999Z": datetime.max.replace(tzinfo=UTC),
}
REFUSED = {
    "nothing": "",
    "a word": "yesterday",
    "a month": "2026-03",
    "a week": "2026-W11",
    "no dashes": "20260309",
    "an hour": "2026-03-09T12",
    "a day that is none": "2026-02-30",
    "an hour that is none": "2026-03-09T24:00",
    "a second that is none": "2026-03-09T12:00:60Z",
    "an offset that is none": "2026-03-09T12:00+25:00",
    "a name for a zone": "2026-03-09T12:00 UTC",
    "an offset of a day": "2026-03-09Z",
    "a comma": "2026-03-09T12:00:00,5",
    "space around it": " 2026-03-09",
    "a line end": "2026-03-09\n",
    "digits of another script": "٢٠٢٦-03-09",
    "seconds since 1970": "1773057600",
    "before the calendar": "0001-01-01T00:00+01:00",
    "after it": "9999-12-31T23:59-01:00",
}


@pytest.mark.parametrize(("text", "meaning"), READ.items(), ids=READ)
def test_a_text_stands_for_an_instant(text: str, meaning: datetime) -> None:
    assert parse_instant(text) == meaning


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an instant: |is outside the calendar: "):
        parse_instant(text)


# Four ways ------------------------------------------------------------------------------------------------------------

OPTIONS = {"now": "--now", "max_gap": "--max-gap", "lookback": "--lookback"}


def in_python(member: str, text: str) -> Any:
    """What the options of Python have read; None where they have refused."""
    facts: dict[str, Any] = {member: text}
    with suppress(ValueError):
        return getattr(Options(**facts), member)
    return None


def by_command(member: str, text: str) -> Any:
    """What a command has read; None where it has refused."""
    try:
        _, bound, _ = app.parse_args(["report", f"{OPTIONS[member]}={text}"], exit_on_error=False, print_error=False)
    except CycloptsError:
        return None
    return bound.arguments[member]


def by_request(member: str, text: str) -> Any:
    """What the API has read; None where it has refused."""
    body = msgspec.json.decode(msgspec.json.encode({member: text}))
    assert list(body_faults(body, TriggerRequest)) == []
    asked = msgspec.convert(body, TriggerRequest)
    try:
        options = requested_options(asked, asked.now)
    except ValidationException:
        return None
    return getattr(options, member)


def by_form(member: str, text: str) -> Any:
    """What the API has read of what a field of the page lets through; a picker of times has its own."""
    lets_through = member == "now" or re.fullmatch(DURATION_PATTERN, text)
    return by_request(member, text) if lets_through and text else None


def spoilt(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts, and some that one character more, less, or another one makes of them."""
    cut = st.tuples(texts, st.integers(0, 30), st.sampled_from(["", "0", "9", ":", "-", " ", "T", "Z", "h", "d", "."]))
    return texts | cut.map(lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] + 1 :])


INSTANTS = spoilt(st.from_regex(GRAMMAR, fullmatch=True) | st.sampled_from([*READ, *REFUSED.values()]))
LENGTHS = {"90m": timedelta(minutes=90), "2h": timedelta(hours=2), "1d12h": timedelta(days=1.5), "0h": timedelta(0)}
DURATIONS = spoilt(st.from_regex(DURATION_PATTERN, fullmatch=True) | st.sampled_from([*LENGTHS, "2 hours", "PT2H"]))
WAYS: dict[str, Callable[[str, str], Any]] = {
    "Python": in_python,
    "command": by_command,
    "request": by_request,
    "form": by_form,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("text", "meaning"), READ.items(), ids=READ)
def test_each_form_of_an_instant_is_taken_everywhere(way: str, text: str, meaning: datetime) -> None:
    assert WAYS[way]("now", text) == meaning


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("text", "meaning"), LENGTHS.items(), ids=LENGTHS)
def test_each_form_of_a_duration_is_taken_everywhere(way: str, text: str, meaning: timedelta) -> None:
    assert WAYS[way]("lookback", text) == meaning


@examples(60)
@given(INSTANTS)
def test_an_instant_is_the_same_however_it_is_given(text: str) -> None:
    read = {way: ask("now", text) for way, ask in WAYS.items()}
    assert len(set(read.values())) == 1, read


@examples(60)
@given(st.sampled_from(["max_gap", "lookback"]), DURATIONS)
def test_a_duration_is_the_same_however_it_is_given(member: str, text: str) -> None:
    read = {way: ask(member, text) for way, ask in WAYS.items()}
    assert len(set(read.values())) == 1, read


def test_what_a_command_refuses_it_refuses_in_a_sentence_with_what_is_allowed() -> None:
    with pytest.raises(CycloptsError) as refused:
        app.parse_args(["report", "--now", "soon"], exit_on_error=False, print_error=False)
    assert str(refused.value) == (
        "Invalid value for --now: 'soon' is not an instant: write 2026-03-09, 2026-03-09T12:00 or "
        "2026-03-09T12:00:00.5+01:00 (without an offset it is UTC)."
    )
