"""Durations, instants, ages and options as people read them, on the page and on the command line."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unicodedata import bidirectional

from store_uptime.pipeline import LOOKBACK, OLD_US, Only, Options, Period, age_in_words, duration_text

if TYPE_CHECKING:
    from store_uptime.service.registry.rows import StoredOptions

DOWN_NOW, DOWN_WHEN_LAST_SEEN, DOWN_THEN = "down now", "down when last seen", "down then"
"""When a store was down that is down by its last poll: see `down_word`; then: at the now of a report of the past."""
DAY, HOUR, MINUTE = 86_400, 3600, 60
DAYS_FROM = 48 * HOUR
"""From here on a length is said in days."""
BIDI_CLASSES = ("R", "AL", "AN", "RLE", "RLO", "LRE", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI")  # UAX 9
BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
INVISIBLE = (
    "^[\\s\x00-\x1f\x7f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]*$"
)
"""A text of which nothing is seen, for the expressions of Python and of Polars."""
ISOLATE, END_OF_ISOLATE, REPLACEMENT = "\u2068", "\u2069", "\ufffd"


def format_duration(seconds: float | None) -> str:
    """2 h 15 min; to the nearest minute, but to the next second below one, and to the nearest hour from 1,000 on."""
    # assets/words.js has the same rule for the table that scripts draw: a test compares the two.
    if seconds is None:
        return "unknown"
    if 0 < seconds < MINUTE:
        return f"{-int(-seconds // 1)} s"  # rounded up: what lasted half a second must not look like nothing
    if seconds >= 1000 * HOUR:
        return f"{round(seconds / HOUR):,} h"
    minutes = int(seconds + MINUTE // 2) // MINUTE
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (hours and f"{hours} h", (rest or not hours) and f"{rest} min") if part)


def format_hours(seconds: float | None) -> str:
    """84 h 30, 43 min, 30 s or 0: a length where many stand below each other; to the minute as `format_duration`."""
    # assets/words.js has this rule and the next two for the rows that scripts make: a test compares them.
    if seconds is None:
        return "unknown"
    if seconds < MINUTE:
        return f"{-int(-seconds // 1)} s" if seconds else "0"
    hours, rest = divmod(int(seconds + MINUTE // 2) // MINUTE, 60)
    return f"{hours} h {rest:02}" if hours else f"{rest} min"


def format_span(seconds: float) -> str:
    """How long something goes on: 4 d 1 h, to the nearest hour; below two days as `format_duration`."""
    if seconds < DAYS_FROM:
        return format_duration(seconds)
    days, hours = divmod(int(seconds + HOUR // 2) // HOUR, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def format_short_span(seconds: float) -> str:
    """The same where many stand below each other: 4 d 1 h; below two days as `format_hours`."""
    return format_hours(seconds) if seconds < DAYS_FROM else format_span(seconds)


def format_down_for(seconds: float | None, is_cut: bool) -> str:
    """How long a store has been down: 4 h 30; where it was down as the week began, over 7 d."""
    if seconds is None:
        return "down"
    return f"over {seconds // DAY:.0f} d" if is_cut else format_short_span(seconds)


def format_last_poll(ago_s: float, is_silent: bool) -> str:
    """How long ago the last poll of a store was: 41 min ago. is_silent: it was more than two hours before now."""
    if is_silent:
        return f"no poll for {format_short_span(ago_s)}"
    return "just now" if ago_s < MINUTE else f"{format_short_span(ago_s)} ago"


def format_last_poll_time(poll_s: int, is_silent: bool) -> str:
    """When the last poll of a store was, in data so old that its age says nothing: 10 Mar 16:00."""
    time = format_short_time(datetime.fromtimestamp(poll_s, UTC))
    return f"none since {time}" if is_silent else time


def format_elapsed(seconds: float | None) -> str:
    """How long a computation took: 0.4 s, 12 s, 3 min; nothing for None."""
    if seconds is None:
        return ""
    if 0.05 <= seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < MINUTE else format_duration(seconds)


def format_ago(seconds: float | None) -> str:
    """ ", 3 days ago", to follow an instant; nothing for None."""
    return "" if seconds is None else f", {age_in_words(seconds)} ago"


def format_behind(seconds: float | None) -> str:
    """ ", newest poll 32 hours before", to follow a given now where the data is old; else nothing."""
    return f", newest poll {age_in_words(seconds)} before" if seconds is not None and is_old(seconds) else ""


def format_data_age(seconds: float) -> str:
    """How old the newest data is: 2 min ago; with a mark where it is old: ⚠ 5 h old, ⚠ 3 days old."""
    # assets/words.js has the same rule, for the age counts on while the page stands open: a test compares the two.
    minutes = int(seconds // MINUTE)
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"⚠ {hours // 24:,} days old"
    if is_old(seconds):
        return f"⚠ {hours} h old"
    if minutes == 0:
        return "just now"
    return f"{' '.join(part for part in (hours and f'{hours} h', rest and f'{rest} min') if part)} ago"


def age_class(seconds: float) -> str:
    """The class of an age of data, which colours it: fresh, old, or very-old from a day on."""
    return "very-old" if seconds > DAY else "old" if is_old(seconds) else "fresh"


def down_word(seconds: float | None) -> str:
    """When a store was down that is down by its last poll; seconds: the age of the newest poll, None without any."""
    # Of old data nobody knows what is down now.
    return DOWN_WHEN_LAST_SEEN if seconds is not None and is_old(seconds) else DOWN_NOW


def is_old(seconds: float) -> bool:
    """Whether data of this age is too old to know which stores are down now: docs/semantics.md, "Warnings"."""
    return seconds > OLD_US / 1_000_000


def format_instant(instant: datetime | str | None) -> str:
    """Tue 10 Mar 2026, 16:00 UTC."""
    if instant is None:
        return "never"
    return f"{format_day(instant)} {to_datetime(instant):%Y, %H:%M} UTC"


def format_day(instant: datetime | str) -> str:
    """Tue 10 Mar."""
    there = to_datetime(instant)
    return f"{there:%a} {there.day} {there:%b}"


def format_local_time(instant: datetime | str) -> str:
    """Tue 10 Mar 16:00 −05:00: on the clock of its own offset."""
    return f"{format_day(instant)} {format_clock(instant)} {format_offset(instant)}"


def format_poll_time(seconds: int) -> str:
    """Tue 10 Mar 16:00, in UTC, of seconds since 1970."""
    return format_time(datetime.fromtimestamp(seconds, UTC))


def format_time(instant: datetime | str) -> str:
    """Tue 10 Mar 16:00, on the clock of its own offset."""
    return f"{format_day(instant)} {to_datetime(instant):%H:%M}"


def format_short_time(instant: datetime | str) -> str:
    """10 Mar 16:00."""
    there = to_datetime(instant)
    return f"{there.day} {there:%b %H:%M}"


def clock_seconds(instant: datetime) -> str:
    """:05, to follow a time where many are within a minute."""
    return f":{instant.second:02}"


def format_points(value: float | None) -> str:
    """+0.31 or −0.31, a change in points of percent; nothing for None."""
    if value is None:
        return ""
    written = f"{abs(value):.2f}"
    return written if float(written) == 0 else f"{'−' if value < 0 else '+'}{written}"


def change_class(value: float | None) -> str:
    """The class of a change in points: worse, better, or none where it is of less than a point."""
    if value is None or abs(value) < 1:
        return "little"
    return "got-worse" if value < 0 else "got-better"


def format_clock(instant: datetime | str) -> str:
    """16:00, or 16:00:05 where there are seconds."""
    there = to_datetime(instant)
    return f"{there:%H:%M:%S}" if there.second else f"{there:%H:%M}"


def format_offset(instant: datetime | str) -> str:
    """−05:00."""
    minutes = (to_datetime(instant).utcoffset() or timedelta()) // timedelta(minutes=1)
    sign = "−" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def is_shown_twice(there: datetime) -> bool:
    """Whether the clock shows this time twice, since it goes back then: fold 0 and 1 have two offsets only there."""
    return there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()


def to_datetime(instant: datetime | str) -> datetime:
    """An instant that may be text in ISO 8601."""
    return datetime.fromisoformat(instant) if isinstance(instant, str) else instant


def format_options(stored: "StoredOptions") -> str:
    """The options of a stored report: all stores, as of Sun 1 Mar 2026, 00:00 UTC; defaults are left out."""
    now = Options.from_dict(stored).now
    return f"{format_scope(stored)}, as of {format_instant(now)}" if now else format_scope(stored)


def format_scope(stored: "StoredOptions") -> str:
    """The options but now, for where that stands beside them: all stores, last month by day, grouped by city."""
    options = Options.from_dict(stored)
    chosen = f"stores of {format_only(options.only)}" if options.only else "all stores"
    parts = [f"store {isolated(options.store)}" if options.store else chosen]
    if options.store and options.only:
        parts.append(f"only {format_only(options.only)}")
    if options.period is not None:
        parts.append(format_period(options.period))
    if options.group_by:
        parts.append(f"grouped by {isolated(' and '.join(options.group_by))}")
    return ", ".join([*parts, *evidence_parts(options)])


def format_evidence(stored: "StoredOptions") -> str:
    """Which polls count in a report, where these are not the usual ones: a poll counts for at most 30 min."""
    return ", ".join(evidence_parts(Options.from_dict(stored)))


def evidence_parts(options: Options) -> list[str]:
    parts = [] if options.max_gap is None else [f"a poll counts for at most {duration_text(options.max_gap)}"]
    if not options.lookback:
        return [*parts, "no polls from before the week"]
    if options.lookback != LOOKBACK:
        return [*parts, f"polls from up to {duration_text(options.lookback)} before the week"]
    return parts


def format_period(period: Period) -> str:
    """last month by day on the clock of Europe/Berlin."""
    if period.name is None:
        whole = f"{period.start} to {period.end or 'now'}"
    elif period.name[0].isalpha():
        whole = period.name.replace("-", " ")
    elif period.name[-1].isalpha():
        days = period.name.removesuffix("d")
        whole = f"{f'{days} days' if days.isdigit() and days != '1' else period.name} until now"
    else:
        whole = period.name
    return f"{whole}{f' by {period.by}' if period.by else ''}{f' on the clock of {period.on}' if period.on else ''}"


def format_only(only: Only) -> str:
    """city Berlin or Paris and brand (none)."""
    return isolated(" and ".join(f"{name} {' or '.join(map(format_value, values))}" for name, values in only))


def format_value(value: str) -> str:
    """A value of an attribute; (none) for the empty one, which stores have that lack it."""
    # Quoted where a store really has that text: it is not chosen with those that have nothing.
    return {"": "(none)", "(none)": "“(none)”"}.get(value, value)


def attribute_of(choice: str) -> str:
    """The attribute of a choice such as city=Berlin."""
    return choice.partition("=")[0]


def format_choice(choice: str) -> str:
    """city Berlin, of a choice such as city=Berlin; brand (none), of brand=."""
    name, _, value = choice.partition("=")
    return f"{name} {format_value(value)}"


def isolated(text: str) -> str:
    """Text of others for a place that takes no <bdi> element, such as a title: it turns nothing around it."""
    # A store id with U+202E would show the rest of the line backwards. Elsewhere the browser isolates it in a <bdi>.
    if not any(bidirectional(mark) in BIDI_CLASSES for mark in text):
        return text
    return f"{ISOLATE}{without_controls(text)}{END_OF_ISOLATE}"


def without_controls(text: str) -> str:
    """Text of others for a <bdi>: the marks that would turn it are shown as such."""
    return BIDI_CONTROLS.sub(REPLACEMENT, text)


def visible_name(name: str | None) -> str | None:
    """The name of a store; None where nothing of it would be seen, and the id stands for it."""
    return None if name is None or re.match(INVISIBLE, name) else name


def capitalized(text: str) -> str:
    """A sentence that begins a line."""
    return text[:1].upper() + text[1:]


def format_number(value: float) -> str:
    """12,345."""
    return f"{value:,}"


def format_count(count: int, noun: str) -> str:
    """12,345 stores; 1 store."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def format_percent(percent: float | None) -> str:
    """94.88 %, as it stands in the files."""
    return "unknown" if percent is None else f"{percent:.2f} %"
