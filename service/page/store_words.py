"""What is known of a store at the end of its week in, plain sentences out.

status_words   the sentences, from facts
as_text        a sentence as text

A sentence has instants among its words: the page shows them on the clock that was chosen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from store_uptime.pipeline import OLD_US
from store_uptime.service.page.humanize import format_span

Status = Literal["closed", "up", "down", "unknown"]
Sentence = tuple[str | datetime, ...]
"""Words and instants in their order; each instant has the offset of the store's clock."""
NEAR = timedelta(microseconds=OLD_US)


@dataclass(frozen=True)
class StatusFacts:
    """What is known of a store at now, the end of its week; all instants on the store's clock.

    status: at now; None: its business hours cannot be read. last_known: while it is closed, the status at its last
    closing; None: it was not open in the week. is_carried: no poll in business hours lies within two hours of now.
    down_since: when the outage began that lasts until now, or until it closed; is_cut: perhaps before the week.
    last_outage_end: of a store that is not in one. last_poll: its newest poll; last_evidence: that in business hours,
    None: there is none. newest_poll: of all stores, where that is old data. is_given: whether now was given.
    """

    now: datetime
    status: Status | None
    last_poll: datetime
    last_poll_is_active: bool
    last_evidence: datetime | None
    last_known: Status | None = None
    is_carried: bool = False
    down_since: datetime | None = None
    is_cut: bool = False
    last_outage_end: datetime | None = None
    newest_poll: datetime | None = None
    is_given: bool = False
    always_open: bool = False


@dataclass(frozen=True)
class StatusWords:
    """head: the answer; rest: what it rests on. tone: the status that the head says, for its mark."""

    tone: Status
    head: Sentence
    rest: tuple[Sentence, ...]


def status_words(facts: StatusFacts) -> StatusWords:
    """Whether a store is up, since when, and how that is known."""
    tone, head = headline(facts)
    rest = [
        sentence
        for sentence in (basis(facts), outage_before(facts), data_is_old(facts), open_always(facts))
        if sentence
    ]
    return StatusWords(tone, as_of(facts, head), tuple(rest))


def headline(facts: StatusFacts) -> tuple[Status, Sentence]:
    if facts.status is None:
        return "unknown", ("Nothing can be said: none of its business hours can be read",)
    if facts.last_evidence is None and facts.status == "unknown":
        return "unknown", ("Unknown: no poll in business hours",)
    if facts.status == "closed":
        return "closed", closed(facts)
    if facts.status == "unknown":
        return "unknown", ("Unknown: no poll in business hours is near enough",)
    when = " when last seen" if facts.newest_poll is not None else ""
    if facts.status == "up":
        return "up", (f"Up{when or (', its last known status' if facts.is_carried else '')}",)
    return "down", (f"Down{when}", *since(facts, f"{', ' if when else ' '}since "))


def closed(facts: StatusFacts) -> Sentence:
    is_old = facts.newest_poll is not None and not facts.is_given
    when: Sentence = ("Closed at ", facts.now) if is_old else ("Closed" if facts.is_given else "Closed now",)
    match facts.last_known:
        case None:
            return (*when, ", and all of the week")
        case "down":
            return (*when, ", and down when it closed", *since(facts, ", since ")[:2])
        case "up":
            return (*when, ", and up when it closed")
        case _:
            return (*when, "; it is not known whether it was up when it closed")


def since(facts: StatusFacts, before: str) -> Sentence:
    """since Fri 6 Mar 18:42 (3 d 21 h)"""
    if facts.down_since is None:
        return ()
    length = format_length(facts.now - facts.down_since)
    return (before, facts.down_since, f" or before ({length} or more)" if facts.is_cut else f" ({length})")


def as_of(facts: StatusFacts, head: Sentence) -> Sentence:
    if not facts.is_given:
        return (*head, ".")
    first, *others = head
    return ("As of ", facts.now, f": {str(first)[:1].lower()}{str(first)[1:]}", *others, ".")


def basis(facts: StatusFacts) -> Sentence:
    """The newest poll, and whether it says anything."""
    poll, evidence = facts.last_poll, facts.last_evidence
    if facts.status is not None and evidence is None:
        return ("Last poll ", poll, f", outside business hours: {status_word(facts)}, but no evidence.")
    if facts.status is None or evidence is None:
        return ("Last poll ", poll, f": {status_word(facts)}.")
    if evidence < poll:
        return ("Last poll in business hours ", evidence, *outside_hours(facts))
    return ("Last poll ", poll, ", none since: perhaps the feed." if facts.is_carried else f": {status_word(facts)}.")


def outside_hours(facts: StatusFacts) -> Sentence:
    """What is said of the polls after the last one in business hours, where the status rests on that still."""
    if not facts.is_carried:
        return (".",)
    if facts.now - facts.last_poll > NEAR:
        return ("; outside them until ", facts.last_poll, ", none since: perhaps the feed.")
    return ("; those since, until ", facts.last_poll, ", were outside them.")


def status_word(facts: StatusFacts) -> str:
    return "active" if facts.last_poll_is_active else "inactive"


def outage_before(facts: StatusFacts) -> Sentence:
    """When the last outage of a store ended that is up."""
    known = facts.last_known if facts.status == "closed" else facts.status
    if known != "up":
        return ()
    return ("Down last until ", facts.last_outage_end, ".") if facts.last_outage_end else ("No outage in this week.",)


def data_is_old(facts: StatusFacts) -> Sentence:
    if facts.newest_poll is None:
        return ()
    return ("The data is old: the newest poll of all stores is of ", facts.newest_poll, ".")


def open_always(facts: StatusFacts) -> Sentence:
    return ("No business hours are given for it, so it counts as always open.",) if facts.always_open else ()


def format_length(length: timedelta) -> str:
    """45 min, 16 h 5 min, 3 d 2 h."""
    return format_span(length.total_seconds())


def as_text(sentence: Sentence) -> str:
    """A sentence with its instants on the store's clock."""
    return "".join(part if isinstance(part, str) else format_time(part) for part in sentence)


def format_time(instant: datetime) -> str:
    """Fri 6 Mar 18:42."""
    return f"{instant:%a} {instant.day} {instant:%b %H:%M}"
