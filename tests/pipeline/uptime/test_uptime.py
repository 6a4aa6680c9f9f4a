"""What the figures mean, case by case: docs/semantics.md. The same table runs over the pipeline and the reference.

A case is one store in one week: "Mon" … "Sun" are its days, "last Sun" is the day before and "next Mon" the day after.
A day that is left out is the one before it in the text, at first Monday. Hours are local, polls UTC, the zone is UTC
unless said, now is the end of Sunday, and up, down and unknown are hours:minutes of the whole week, or of `window`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from store_uptime.pipeline import Frames, Options, build_report
from tests.support.reference import EPOCH, RawRow, Row, Window, reference_report, written

DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
OPEN_ALWAYS = "24x7"
WORDS = {"up": "active", "down": "inactive"}
AUTUMN, SPRING = date(2023, 10, 30), date(2023, 3, 6)  # New York's clocks change on the Sunday of these weeks


@dataclass(frozen=True)
class Case:
    hours: str
    polls: str
    up: str = "0:00"
    down: str = "0:00"
    unknown: str | None = "0:00"
    known: bool = True  # False: up and down are empty
    window: str = "week"
    zone: str = "UTC"  # several with | between them
    week: date = date(2023, 1, 16)
    now: str | None = "next Mon 00:00"
    max_gap: str | None = None
    lookback: str = "24:00"
    writes: dict[str, str] = field(default_factory=dict)


BUSINESS_TIME = {
    # rule 1
    "a row means every date with that weekday": Case("Mon 09:00-12:00", "09:00 up", up="3:00"),
    "a poll at the opening is evidence": Case("Mon 09:00-12:00", "09:00 up, 12:00 down", up="3:00"),
    "a poll at the closing is not evidence": Case("Mon 09:00-12:00", "12:00 down", known=False, unknown="3:00"),
    "a poll a microsecond before the closing is": Case("Mon 09:00-12:00", "11:59:59.999999 down", down="3:00"),
    "a store is closed on days without a row": Case("Mon 09:00-12:00", "10:00 up, Tue 10:00 down", up="3:00"),
    "a store without any row is always open": Case(
        OPEN_ALWAYS, "12:00 up", up="168:00", writes={"always_open": "true"}
    ),
    "an end before the start is on the next date": Case("Mon 22:00-02:00", "Tue 01:00 up", up="4:00"),
    "a Sunday night ends on Monday": Case("Sun 22:00-02:00", "Mon 01:00 down, Sun 23:00 up", up="2:00", down="2:00"),
    "an end at 24:00 is midnight": Case("Mon 09:00-24:00", "23:59 up, Tue 00:00 down", up="15:00"),
    "00:00-00:00 is the whole date": Case("Mon 00:00-00:00", "23:59 up, Tue 00:00 down", up="24:00"),
    "09:00-09:00 lasts until 09:00 of the next date": Case("Mon 09:00-09:00", "Tue 08:59 up", up="24:00"),
    "a whole date has 25 hours where the clocks go back": Case(
        "Sun 00:00-00:00", "Sun 04:00 up", up="25:00", zone="America/New_York", week=AUTUMN, now="next Mon 12:00"
    ),
    "and 23 where they go forward": Case(
        "Sun 00:00-00:00", "Sun 05:00 up", up="23:00", zone="America/New_York", week=SPRING, now="next Mon 12:00"
    ),
    # rule 2: in New York 01:30 is 05:30 UTC and again 06:30 UTC, 03:00 is 08:00 UTC
    "a time that occurs twice is its first occurrence": Case(
        "Sun 01:30-03:00", "Sun 05:30 up", up="2:30", zone="America/New_York", week=AUTUMN
    ),
    # 02:30 is skipped and 07:30 UTC by the offset before the gap, 05:00 is 09:00 UTC
    "a skipped time takes the offset from before the gap": Case(
        "Sun 02:30-05:00", "Sun 07:30 up", up="1:30", zone="America/New_York", week=SPRING
    ),
    # 07:30 UTC until 07:15 UTC
    "an interval that closes before it opens is dropped": Case(
        "Sun 02:30-03:15",
        "Sun 07:20 up",
        zone="America/New_York",
        week=SPRING,
        writes={"business_last_week": "0.00", "polls_last_week": "0"},
    ),
    # rule 3
    "shifts that overlap are one": Case("Mon 09:00-13:00, 12:00-17:00", "10:00 down", down="8:00"),
    "a shift inside another adds nothing": Case("Mon 09:00-17:00, 10:00-11:00, 16:00-17:00", "10:00 up", up="8:00"),
    # Mon [ddd) Tue 09:00 [uuu 12:00 uuu 12:30 uuu) 13:00: had they not merged, 09:00-12:00 would carry Monday's down
    "shifts that touch are one": Case(
        "Mon 09:00-12:00, Tue 09:00-12:00, 12:00-13:00", "Mon 10:00 down, Tue 12:30 up", up="4:00", down="3:00"
    ),
    "a gap of 60 s becomes business time": Case("Mon 09:00-12:00, 12:01-13:00", "10:00 up", up="4:00"),
    "a gap of a microsecond more stays a gap": Case(
        "Mon 09:00-12:00, 12:01:00.000001-13:00", "10:00 up", up="3:58:59.999999"
    ),
    "a poll in a bridged gap is evidence": Case("Mon 09:00-12:00, 12:01-13:00", "12:00:30 up", up="4:00"),
    "a store that ends at 23:59 and starts at 00:00 is open all night": Case(
        "daily 00:00-23:59", "12:00 up", up="168:00"
    ),
    "so is one that ends at 23:59:59": Case("daily 00:00-23:59:59", "12:00 up", up="168:00"),
    "intervals merge across weeks": Case(
        "Sun 20:00-23:59, Mon 00:00-09:00", "last Sun 21:00 down, Sun 21:00 up", up="4:00", down="9:00"
    ),
    # the horizon and the week start at Mon 00:00:00, in the gap
    "a gap is bridged across the start of the horizon": Case(
        "Sun 20:00-23:59:30, Mon 00:00:10-09:00", "Mon 01:00 up", up="13:00", lookback="0:00"
    ),
    "a gap is bridged to an opening after now": Case(
        "Sun 22:00-23:59, Mon 00:00-09:00", "Sun 23:10 up", up="1:00", window="hour", now="Sun 23:59:30"
    ),
    "a store that ends at 23:59 and opens at 09:00 is taken as written": Case(
        "daily 09:00-23:59", "12:00 up", up="104:53"
    ),
    # rule 4
    "an interval goes on after now but no window does": Case("Sun 22:00-04:00", "Sun 23:00 up", up="6:00"),
    "a poll at exactly now is inside the interval": Case("Sun 22:00-04:00", "next Mon 00:00 up", up="6:00"),
    "a poll at exactly now is inside an interval that opens at now": Case(
        "Mon 00:00-09:00", "next Mon 00:00 down", down="9:00"
    ),
    "a poll at exactly now is inside the always open horizon": Case(OPEN_ALWAYS, "next Mon 00:00 down", down="168:00"),
    "a poll at the start of the horizon is inside it": Case(OPEN_ALWAYS, "last Sun 00:00 down", down="168:00"),
}

EVIDENCE = {
    # rule 1
    "polls outside business time are dropped": Case("Mon 09:00-12:00", "08:00 down, 10:00 up, 13:00 down", up="3:00"),
    "two polls at the same microsecond are one": Case(
        OPEN_ALWAYS, "Sun 23:30 up, 23:30 up", up="168:00", writes={"polls_last_hour": "1"}
    ),
    "it is inactive if any of them is": Case("Mon 09:00-12:00", "10:00 up, 10:00 down, 10:00 up", down="3:00"),
    "a microsecond apart they are two": Case(
        "Mon 09:00-12:00", "10:00 down, 10:00:00.000001 up", up="1:59:59.999999", down="1:00:00.000001"
    ),
    "polls after now do not exist": Case(OPEN_ALWAYS, "12:00 up, next Mon 00:00:00.000001 down", up="168:00"),
    "polls before the horizon are never evidence": Case(
        OPEN_ALWAYS, "last Sun 12:00 down, Tue 00:00 up", up="168:00", lookback="0:00"
    ),
    "polls in the lookback are": Case(OPEN_ALWAYS, "last Sun 12:00 down, Tue 00:00 up", up="144:00", down="24:00"),
    "now is the newest accepted poll unless given": Case(
        "Mon 09:00-12:00", "10:00 down, 11:00 up", down="2:00", window="day", now=None
    ),
    # rule 2
    # 9:00 [uuuuuuuu 10:14 uuuuuuuu 11:15 dddddd) 12:00
    "the first poll reaches back to the opening": Case(
        "Mon 09:00-12:00", "10:14 up, 11:15 down", up="2:15", down="0:45"
    ),
    # 9:00 [uuuuuuuu 10:00 uuuuuuuu 10:30 dddddd 11:00 uuuuuuuu) 12:00
    "each status holds until the next poll": Case(
        "Mon 09:00-12:00", "10:00 up, 10:30 down, 11:00 up", up="2:30", down="0:30"
    ),
    "the last status holds until the closing": Case("Mon 09:00-12:00", "09:00 up, 09:30 down", up="0:30", down="2:30"),
    "the order of the rows is no matter": Case("Mon 09:00-12:00", "11:15 down, 10:14 up", up="2:15", down="0:45"),
    # rule 3
    # Mon 9:00 [uuuu 11:00 dddd) 12:00   Tue 9:00 [dddddddd) 12:00
    "an interval without evidence takes the last status before it": Case(
        "Mon 09:00-12:00, Tue 09:00-12:00", "Mon 10:00 up, 11:00 down", up="2:00", down="4:00"
    ),
    # Mon 9:00 [uuuuuuuu) 12:00   Tue 9:00 [uuuu 11:00 dddd) 12:00
    "or else the first status after it": Case(
        "Mon 09:00-12:00, Tue 09:00-12:00", "Tue 10:00 up, 11:00 down", up="5:00", down="1:00"
    ),
    "before goes before after": Case(
        "Mon 09:00-10:00, Tue 09:00-10:00, Wed 09:00-10:00", "Mon 09:30 down, Wed 09:30 up", up="1:00", down="2:00"
    ),
    "of several before it the last": Case(
        "Mon 09:00-10:00, Tue 09:00-10:00, Wed 09:00-10:00", "Mon 09:30 up, Tue 09:30 down", up="1:00", down="2:00"
    ),
    "of several after it the first": Case(
        "Mon 09:00-10:00, Tue 09:00-10:00, Wed 09:00-10:00", "Tue 09:30 up, Wed 09:30 down", up="2:00", down="1:00"
    ),
    "however many others without lie between": Case(
        "daily 09:00-10:00", "Thu 09:30 up", up="7:00", writes={"polls_last_week": "1"}
    ),
    "the status before may come from the lookback": Case(
        "Sun 09:00-10:00, Mon 09:00-10:00", "last Sun 09:30 down, Sun 09:30 up", up="1:00", down="1:00"
    ),
    # rule 4
    "all polls outside business time: no known status": Case(
        "Mon 09:00-12:00", "Tue 10:00 up", known=False, unknown="3:00", writes={"last_status": "active"}
    ),
    "hours that were all rejected are unknown hours": Case(
        "Mon 09:00-25:00",
        "10:00 up",
        known=False,
        unknown=None,
        writes={"always_open": "false", "business_last_week": ""},
    ),
    "hours of which some were rejected are the rest": Case("Mon 09:00-12:00, Tue 09:00-25:00", "10:00 up", up="3:00"),
    # rule 5
    # 9:00 [uuu 10:00 uuu 11:00 ??? 13:00 ddd 14:00 ddd 15:00 ???) 17:00
    "max_gap is how far a poll speaks": Case(
        "Mon 09:00-17:00", "10:00 up, 14:00 down", up="2:00", down="2:00", unknown="4:00", max_gap="1:00"
    ),
    # 9:00 [uuu 10:00 uuu 11:00 ddd 11:30 ddd 12:30 ???) 17:00
    "between two polls the one before goes before the one after": Case(
        "Mon 09:00-17:00", "10:00 up, 11:30 down", up="2:00", down="1:30", unknown="4:30", max_gap="1:00"
    ),
    "of two polls that are max_gap apart the second does not reach back": Case(
        "Mon 09:00-17:00", "10:00 up, 11:00 down", up="2:00", down="1:00", unknown="5:00", max_gap="1:00"
    ),
    "a microsecond farther it does, by that": Case(
        "Mon 09:00-17:00",
        "10:00 up, 11:00:00.000001 down",
        up="2:00",
        down="1:00:00.000001",
        unknown="4:59:59.999999",
        max_gap="1:00",
    ),
    "between two that are twice max_gap apart nothing is unknown": Case(
        "Mon 09:00-13:00", "10:00 up, 12:00 down", up="2:00", down="2:00", max_gap="1:00"
    ),
    "a microsecond farther that is": Case(
        "Mon 09:00-13:00:00.000001",
        "10:00 up, 12:00:00.000001 down",
        up="2:00",
        down="2:00",
        unknown="0:00:00.000001",
        max_gap="1:00",
    ),
    "polls that say the same leave it unknown too": Case(
        "Mon 09:00-17:00", "10:00 down, 14:00 down", down="4:00", unknown="4:00", max_gap="1:00"
    ),
    "in a bridged gap of longer than max_gap as elsewhere": Case(
        "Mon 09:00-12:00, 12:01-13:00",
        "11:59:50 up, 12:01:10 down",
        up="0:01:00",
        down="0:01:00",
        unknown="3:58:00",
        max_gap="0:00:30",
    ),
    "a poll outside business time reaches nowhere": Case(
        "Mon 09:00-12:00, 13:00-14:00", "09:30 up, 12:30 down", up="1:30", unknown="2:30", max_gap="1:00"
    ),
    "the first poll reaches back as far as that": Case(
        "Mon 09:00-17:00", "14:00 down", down="2:00", unknown="6:00", max_gap="1:00"
    ),
    "closed hours count as distance": Case(
        "Mon 09:00-10:00, Tue 09:00-10:00", "Mon 09:30 up", up="1:30", unknown="0:30", max_gap="24:00"
    ),
    "and so they do backward": Case(
        "Mon 09:00-10:00, Tue 09:00-10:00", "Tue 09:30 up", up="1:30", unknown="0:30", max_gap="24:00"
    ),
    # Tue 9:00 [ddd 9:30 uuu) 10:00: Monday's poll speaks until 9:30, Wednesday's from 9:15 on
    "before goes before after, and after where before is too far": Case(
        "Mon 09:00-10:00, Tue 09:00-10:00, Wed 09:00-10:00",
        "Mon 09:30 down, Wed 09:15 up",
        up="1:30",
        down="1:30",
        max_gap="24:00",
    ),
    # Tue 9:00 [ddd 9:15 ??? 9:45 uuu) 10:00
    "what is too far from both is unknown": Case(
        "Mon 09:00-10:00, Tue 09:00-10:00, Wed 09:00-10:00",
        "Mon 09:15 down, Wed 09:45 up",
        up="1:15",
        down="1:15",
        unknown="0:30",
        max_gap="24:00",
    ),
    # Mon up, Tue up, Wed up | Thu down, Fri down, Sat down | Sun ?
    "so it is over several intervals without evidence": Case(
        "daily 09:00-10:00", "Tue 09:30 up, Fri 09:30 down", up="3:00", down="3:00", unknown="1:00", max_gap="36:00"
    ),
    # 9:00 [??? 9:30 uuu) 12:00   13:00 [uuu 13:30 ??? 14:30 ddd 16:30 ddd) 17:00
    "before the first poll the one before counts where that is too far": Case(
        "Mon 09:00-12:00, 13:00-17:00",
        "11:30 up, 16:30 down",
        up="3:00",
        down="2:30",
        unknown="1:30",
        max_gap="2:00",
    ),
    # 9:00 [??? 9:30 uuu) 12:00   13:00 [ddd 14:00 ddd 16:00 ???) 17:00
    "where it is not, the one before is not asked": Case(
        "Mon 09:00-12:00, 13:00-17:00",
        "11:30 up, 14:00 down",
        up="2:30",
        down="3:00",
        unknown="1:30",
        max_gap="2:00",
    ),
    "one before that speaks until the opening speaks for nothing after it": Case(
        "Mon 09:00-12:00, 13:00-17:00", "11:00 up, 16:00 down", up="3:00", down="3:00", unknown="1:00", max_gap="2:00"
    ),
    # 9:00 [uuu 9:30 uuu 11:30 ddd) 12:00   13:00 [ddd 13:30 ddd 15:30 ???) 17:00
    "after the last poll the one after counts where that is too far": Case(
        "Mon 09:00-12:00, 13:00-17:00",
        "09:30 up, 13:30 down",
        up="2:30",
        down="3:00",
        unknown="1:30",
        max_gap="2:00",
    ),
    # 9:00 [uuu 9:45 uuu 11:45 ddd) 12:00   13:00 [ddd 13:30 ddd 15:30 ???) 17:00
    "from where on it is": Case(
        "Mon 09:00-12:00, 13:00-17:00",
        "09:45 up, 13:30 down",
        up="2:45",
        down="2:45",
        unknown="1:30",
        max_gap="2:00",
    ),
    # 9:00 [uuu 10:00 uuu) 12:00   13:00 [ddd 13:30 ddd 15:30 ???) 17:00
    "where it is not, the one after is not asked": Case(
        "Mon 09:00-12:00, 13:00-17:00",
        "10:00 up, 13:30 down",
        up="3:00",
        down="2:30",
        unknown="1:30",
        max_gap="2:00",
    ),
    # 9:00 [uuu 10:00 ??? 11:45 ddd) 12:00   12:30 [ddd 12:45 ddd 13:45 ???) 14:00
    "between the last poll and the one after there may be unknown time": Case(
        "Mon 09:00-12:00, 12:30-14:00",
        "09:00 up, 12:45 down",
        up="1:00",
        down="1:30",
        unknown="2:00",
        max_gap="1:00",
    ),
    # 9:00 [uuu) 10:00   11:00 [uuu) 12:00   13:00 [uuu 13:30 ??? 15:30 ddd) 20:00
    "the one before may be some intervals away": Case(
        "Mon 09:00-10:00, 11:00-12:00, 13:00-20:00",
        "09:30 up, 19:30 down",
        up="2:30",
        down="4:30",
        unknown="2:00",
        max_gap="4:00",
    ),
    # 9:00 [uuu 13:30 ??? 15:30 ddd) 16:00   17:00 [ddd) 18:00   19:00 [ddd) 20:00
    "and so may the one after": Case(
        "Mon 09:00-16:00, 17:00-18:00, 19:00-20:00",
        "09:30 up, 19:30 down",
        up="4:30",
        down="2:30",
        unknown="2:00",
        max_gap="4:00",
    ),
    # 9:00 [uuu 11:00 ???) 12:00   13:00 [ddd 14:00 ddd) 15:00
    "one after that speaks from the closing on speaks for nothing before it": Case(
        "Mon 09:00-12:00, 13:00-15:00", "09:00 up, 14:00 down", up="2:00", down="2:00", unknown="1:00", max_gap="2:00"
    ),
    # 11:59:20 [uuu 11:59:50 uuu) 12:00:00   12:01:01 [ddd 12:01:20 ddd 12:01:50 ???
    "a gap that is not bridged ends what a poll speaks for": Case(
        "Mon 09:00-12:00, 12:01:01-13:00",
        "11:59:50 up, 12:01:20 down",
        up="0:00:40",
        down="0:00:49",
        unknown="3:57:30",
        max_gap="0:00:30",
    ),
    # 23:00 [??? 23:10 ddd 23:50 ddd) 24:00
    "a window may begin in a gap over which a poll reaches back": Case(
        OPEN_ALWAYS, "Sun 20:00 up, 23:50 down", down="0:50", unknown="0:10", window="hour", max_gap="0:40"
    ),
    "or in what it reaches back over": Case(
        OPEN_ALWAYS, "Sun 20:00 up, 23:30 down", down="1:00", window="hour", max_gap="0:50"
    ),
    # 22:30 [ddd 23:30 ???) 24:00
    "or in what is carried from an earlier interval": Case(
        "Sun 20:00-21:00, 22:30-24:00", "Sun 20:30 down", down="0:30", unknown="0:30", window="hour", max_gap="3:00"
    ),
    # 20:00 [… 22:55 ddd) 23:40   23:50 [ddd 23:55 ddd) 24:00
    "or in what is carried back from a later one": Case(
        "Sun 20:00-23:40, 23:50-24:00", "Sun 20:10 up, 23:55 down", down="0:50", window="hour", max_gap="1:00"
    ),
    "a poll at exactly now reaches back over a gap": Case(
        OPEN_ALWAYS, "Sun 12:00 up, next Mon 00:00 down", down="0:20", unknown="0:40", window="hour", max_gap="0:20"
    ),
    "and so it does out of an interval that opens at now": Case(
        "Sun 22:00-23:50, Mon 00:00-01:00",
        "next Mon 00:00 down",
        down="0:20",
        unknown="0:30",
        window="hour",
        max_gap="0:30",
    ),
    # Wed 9:00 [ddd 9:30 ???) 10:00: Monday's poll would not reach it
    "of several before it the last counts": Case(
        "Mon 09:00-10:00, Tue 09:00-10:00, Wed 09:00-10:00",
        "Mon 09:30 up, Tue 09:30 down",
        up="1:00",
        down="1:30",
        unknown="0:30",
        max_gap="24:00",
    ),
    # Mon 9:00 [??? 9:30 uuu) 10:00: Wednesday's poll would not reach it
    "of several after it the first counts": Case(
        "Mon 09:00-10:00, Tue 09:00-10:00, Wed 09:00-10:00",
        "Tue 09:30 up, Wed 09:30 down",
        up="1:30",
        down="1:00",
        unknown="0:30",
        max_gap="24:00",
    ),
    "of several in an interval before it the last": Case(
        "Mon 09:00-10:00, Tue 09:00-10:00", "Mon 09:15 up, 09:45 up", up="1:45", unknown="0:15", max_gap="24:00"
    ),
    "and of several in one after it the first": Case(
        "Mon 09:00-10:00, Tue 09:00-10:00", "Tue 09:15 up, 09:45 up", up="1:45", unknown="0:15", max_gap="24:00"
    ),
    "a window of which nothing is known is empty": Case(
        OPEN_ALWAYS,
        "12:00 up",
        known=False,
        unknown="24:00",
        window="day",
        max_gap="1:00",
        writes={
            "uptime_last_day": "",
            "downtime_last_day": "",
            "unknown_last_day": "24.00",
            "uptime_last_week": "2.00",
        },
    ),
    "so are all three windows": Case(
        OPEN_ALWAYS,
        "last Sun 12:00 up",
        known=False,
        unknown="168:00",
        max_gap="1:00",
        writes={
            **{f"{kind}_last_{window}": "" for kind in ("uptime", "downtime") for window in ("hour", "day", "week")},
            **{f"polls_last_{window}": "0" for window in ("hour", "day", "week")},
            "unknown_last_hour": "60.00",
            "business_last_hour": "60.00",
            "business_last_day": "24.00",
        },
    ),
    "one of which a microsecond is known is not": Case(
        OPEN_ALWAYS,
        "Sun 23:00 up",
        up="0:00:00.000001",
        unknown="0:59:59.999999",
        window="hour",
        max_gap="0:00:00.000001",
    ),
    # rule 6
    "the hour is the sixty minutes before now": Case(
        OPEN_ALWAYS, "Sun 22:30 up, 23:45 down", up="0:45", down="0:15", window="hour"
    ),
    "the day is the 24 hours before now": Case(
        OPEN_ALWAYS, "Sat 12:00 up, Sun 20:00 down", up="20:00", down="4:00", window="day"
    ),
    "a day has 24 hours across a clock change too": Case(
        "daily 00:00-00:00",
        "Sun 12:00 up",
        up="24:00",
        window="day",
        zone="America/New_York",
        week=SPRING,
        now="next Mon 04:00",
    ),
}

OUTPUT = {
    "the hour is in minutes and the others in hours": Case(
        OPEN_ALWAYS,
        "12:00 up",
        up="168:00",
        writes={"uptime_last_hour": "60.00", "uptime_last_day": "24.00", "uptime_last_week": "168.00"},
    ),
    "0.005 hours are 0.00": Case("Mon 09:00-09:00:18", "09:00 up", up="0:00:18", writes={"uptime_last_week": "0.00"}),
    "0.015 hours are 0.02": Case("Mon 09:00-09:00:54", "09:00 up", up="0:00:54", writes={"uptime_last_week": "0.02"}),
    "each figure is rounded by itself": Case(
        "Mon 09:00-09:00:36",
        "09:00 up, 09:00:18 down",
        up="0:00:18",
        down="0:00:18",
        writes={"uptime_last_week": "0.00", "downtime_last_week": "0.00", "business_last_week": "0.01"},
    ),
    "a window without business time is 0.00 and 0.00": Case(
        "Mon 09:00-12:00",
        "10:00 up",
        window="day",
        writes={
            "uptime_last_hour": "0.00",
            "uptime_last_day": "0.00",
            "downtime_last_day": "0.00",
            "uptime_percent_last_day": "",
            "polls_last_hour": "0",
            "polls_last_day": "0",
        },
    ),
    "so it is for a store without a known status": Case("Mon 09:00-12:00", "Tue 10:00 up", window="day"),
    "uptime_percent is of the known time": Case(
        "Mon 09:00-17:00",
        "09:00 down, 12:00 up",
        up="2:00",
        down="1:00",
        unknown="5:00",
        max_gap="1:00",
        writes={"uptime_percent_last_week": "66.67"},
    ),
    "3.125 per cent are 3.12": Case(
        "Mon 09:00-17:00",
        "09:00 up, 09:15 down",
        up="0:15",
        down="7:45",
        writes={"uptime_percent_last_week": "3.12"},
    ),
    "100.00 per cent only where downtime is exactly 0": Case(
        OPEN_ALWAYS,
        "12:00 up, Sun 23:59:59.999999 down",
        up="167:59:59.999999",
        down="0:00:00.000001",
        writes={"uptime_percent_last_week": "99.99"},
    ),
    "0.00 per cent only where uptime is exactly 0": Case(
        OPEN_ALWAYS,
        "12:00 down, Sun 23:59:59.999999 up",
        up="0:00:00.000001",
        down="167:59:59.999999",
        writes={"uptime_percent_last_week": "0.01", "uptime_percent_last_hour": "0.01"},
    ),
    "polls are counted from the window's start up to and including now": Case(
        OPEN_ALWAYS,
        "Sun 22:59:59.999999 up, 23:00 up, next Mon 00:00 up",
        up="168:00",
        writes={"polls_last_hour": "2", "polls_last_day": "3", "polls_last_week": "3"},
    ),
    "and so are those of day and week": Case(
        OPEN_ALWAYS,
        "last Sun 23:59:59.999999 up, Mon 00:00 up, Sat 23:59:59.999999 up, Sun 00:00 up",
        up="168:00",
        writes={"polls_last_hour": "0", "polls_last_day": "1", "polls_last_week": "3"},
    ),
    "before 1970 too, and what is carried is no poll": Case(
        "daily 09:00-12:00", "10:00 up", up="21:00", week=date(1968, 1, 15), writes={"polls_last_week": "1"}
    ),
    "where there is no evidence there are none": Case(
        "Mon 09:00-12:00",
        "12:00 down",
        known=False,
        unknown="3:00",
        writes={"polls_last_hour": "0", "polls_last_day": "0", "polls_last_week": "0"},
    ),
    "what lies in the last hour is added up": Case(
        OPEN_ALWAYS,
        "Sun 22:00 up, 23:10 down, 23:20 up, 23:40 down, 23:50 up",
        up="0:40",
        down="0:20",
        window="hour",
    ),
    "and in the last day": Case(
        OPEN_ALWAYS, "Sun 00:00 up, 03:00 down, 05:00 up, 10:00 down, 11:00 up", up="21:00", down="3:00", window="day"
    ),
    "so is business time": Case(
        "Sun 20:00-20:30, 23:00-23:10, 23:20-23:50",
        "Sun 23:05 up",
        up="1:10",
        writes={"business_last_hour": "40.00", "business_last_day": "1.17", "business_last_week": "1.17"},
    ),
    # as above, and with nothing of the Sunday before: no business time is nowhere in the horizon
    **{
        f"a store without an interval has no business time in the last {window}": Case(
            "Sun 02:30-03:15", "Sun 07:20 up", zone="America/New_York", week=SPRING, lookback="0:00", window=window
        )
        for window in ("hour", "day", "week")
    },
    "last_poll_utc is the newest poll, in business time or not": Case(
        "Mon 09:00-12:00",
        "10:00 up, 20:00 down",
        up="3:00",
        writes={"last_poll_utc": "2023-01-16 20:00:00+00:00", "last_status": "inactive", "polls_last_week": "1"},
    ),
    "a zone's hours are on its own clocks": Case(
        "Mon 09:00-12:00", "03:30 up, 06:30 down", up="3:00", zone="Asia/Kolkata", writes={"timezone": "Asia/Kolkata"}
    ),
    # 09:00 in Chicago is 15:00 UTC
    "no zone is Chicago": Case(
        "Mon 09:00-12:00", "15:00 up", up="3:00", zone="", writes={"timezone": "America/Chicago"}
    ),
    "an unknown zone is Chicago": Case(
        "Mon 09:00-12:00", "15:00 up", up="3:00", zone="Mars/Olympus", writes={"timezone": "America/Chicago"}
    ),
    "of several zones the first known one in byte order counts": Case(
        "Mon 09:00-12:00",
        "03:30 up",
        up="3:00",
        zone="Europe/Dublin|Antarctica/Moon|Asia/Kolkata",
        writes={"timezone": "Asia/Kolkata"},
    ),
}

AT_THE_ENDS = {
    # the horizon and the week start at Mon 00:00:00
    "60 s across the start of the horizon are bridged": Case(
        "Sun 20:00-23:59:30, Mon 00:00:30-09:00",
        "Mon 00:00:10 down, 01:00 up",
        up="12:00",
        down="1:00",
        lookback="0:00",
    ),
    "a microsecond more is not": Case(
        "Sun 20:00-23:59:30, Mon 00:00:30.000001-09:00",
        "Mon 00:00:10 down, 01:00 up",
        up="12:58:59.999999",
        lookback="0:00",
    ),
    "a closing 60 s before the start is bridged to an opening there": Case(
        "Sun 20:00-23:59, Mon 00:00-09:00", "Mon 00:00 up", up="13:00", lookback="0:00"
    ),
    "a closing just before the start leaves nothing behind it": Case(
        "Sun 20:00-23:59:59.999999, Mon 09:00-10:00", "Mon 00:00 down, 09:00 up", up="4:59:59.999999", lookback="0:00"
    ),
    "a closing just behind the start leaves a microsecond": Case(
        "Sun 20:00-00:00:00.000001, Mon 09:00-10:00",
        "Mon 00:00 down, 09:00 up",
        up="5:00",
        down="0:00:00.000001",
        lookback="0:00",
    ),
    "60 s across now are bridged": Case(
        "Sun 22:00-23:59:30, Mon 00:00:30-09:00",
        "Sun 23:10 up",
        up="1:00",
        window="hour",
        writes={"polls_last_hour": "1"},
    ),
    "and a poll at now is evidence then": Case(
        "Sun 22:00-23:59:30, Mon 00:00:30-09:00",
        "Sun 23:10 up, next Mon 00:00 down",
        up="1:00",
        window="hour",
        writes={"polls_last_hour": "2"},
    ),
    "a microsecond more across now is not": Case(
        "Sun 22:00-23:59:30, Mon 00:00:30.000001-09:00",
        "Sun 23:10 up, next Mon 00:00 down",
        up="0:59:30",
        window="hour",
        writes={"polls_last_hour": "1"},
    ),
    "a closing at now is bridged to an opening 60 s after it": Case(
        "Sun 22:00-24:00, Mon 00:01-09:00",
        "Sun 23:10 up, next Mon 00:00 down",
        up="1:00",
        window="hour",
        writes={"polls_last_hour": "2"},
    ),
    "to one a microsecond later it is not": Case(
        "Sun 22:00-24:00, Mon 00:01:00.000001-09:00",
        "Sun 23:10 up, next Mon 00:00 down",
        up="1:00",
        window="hour",
        writes={"polls_last_hour": "1"},
    ),
    "an opening just after now has no business time yet": Case(
        "Sun 22:00-23:00, Mon 00:00:00.000001-09:00",
        "Sun 22:10 up, next Mon 00:00 down",
        window="hour",
        writes={"polls_last_hour": "0"},
    ),
    # max_gap and the length of the horizon, 192 h
    "a max_gap as long as the horizon reaches from its start to now": Case(
        OPEN_ALWAYS, "last Sun 00:00 up", up="168:00", max_gap="192:00"
    ),
    "a microsecond more does too": Case(OPEN_ALWAYS, "last Sun 00:00 up", up="168:00", max_gap="192:00:00.000001"),
    "a microsecond less does not": Case(
        OPEN_ALWAYS, "last Sun 00:00 up", up="167:59:59.999999", unknown="0:00:00.000001", max_gap="191:59:59.999999"
    ),
    "nor back from now": Case(
        OPEN_ALWAYS,
        "next Mon 00:00 down",
        down="167:59:59.999999",
        unknown="0:00:00.000001",
        max_gap="167:59:59.999999",
        lookback="0:00",
    ),
    "but both reach each other": Case(
        OPEN_ALWAYS,
        "Mon 00:00 up, next Mon 00:00 down",
        up="167:59:59.999999",
        down="0:00:00.000001",
        max_gap="167:59:59.999999",
        lookback="0:00",
    ),
    "what is carried over all of the horizon": Case(
        "Sun 00:00-00:01, Sun 23:59-24:00", "last Sun 00:00 up", up="0:02", max_gap="192:00"
    ),
    "is not from a microsecond farther": Case(
        "Sun 00:00-00:01, Sun 23:59-24:00",
        "last Sun 00:00 up",
        up="0:01:59.999999",
        unknown="0:00:00.000001",
        max_gap="191:59:59.999999",
    ),
}

CASES = {**BUSINESS_TIME, **EVIDENCE, **OUTPUT, **AT_THE_ENDS}


# From the words of a case to the three tables -------------------------------------------------------------------------


def length(text: str) -> timedelta:
    """h:mm[:ss[.ffffff]]"""
    hours, minutes, seconds = (*text.split(":"), "0")[:3]
    return timedelta(hours=int(hours), minutes=int(minutes), microseconds=round(float(seconds) * 1_000_000))


def microseconds(text: str) -> int:
    return length(text) // timedelta(microseconds=1)


def moment(text: str, week: date) -> datetime:
    """ "Tue 10:14" of a week."""
    day, time = text.rsplit(" ", 1)
    offset = {"last Sun": -1, "next Mon": 7}.get(day)
    days = DAYS.index(day) if offset is None else offset
    return datetime(week.year, week.month, week.day, tzinfo=UTC) + timedelta(days=days) + length(time)


def with_days(text: str) -> list[tuple[str, str]]:
    """(day, rest) of each part; a part without a day has the one before it."""
    result: list[tuple[str, str]] = []
    day = "Mon"
    for part in text.split(", "):
        words = part.split(" ")
        at = next(i for i, word in enumerate(words) if word[0].isdigit())
        day = " ".join(words[:at]) or day
        result.append((day, " ".join(words[at:])))
    return result


def hours_rows(case: Case) -> list[RawRow]:
    return [
        dict(zip(HOURS, ["s", str(weekday), *shift.split("-")], strict=True))
        for day, shift in ([] if case.hours == OPEN_ALWAYS else with_days(case.hours))
        for weekday in (range(7) if day == "daily" else [DAYS.index(day)])
    ]


def poll_rows(case: Case) -> list[RawRow]:
    rows: list[RawRow] = []
    for day, rest in with_days(case.polls):
        time, word = rest.split(" ")
        at = moment(f"{day} {time}", case.week)
        rows.append({"store_id": "s", "timestamp_utc": f"{at:%Y-%m-%d %H:%M:%S.%f} UTC", "status": WORDS[word]})
    return rows


def zone_rows(case: Case) -> list[RawRow]:
    return [{"store_id": "s", "timezone_str": name} for name in case.zone.split("|")]


# The two engines, seen alike ------------------------------------------------------------------------------------------

POLLS = ["store_id", "timestamp_utc", "status"]
HOURS = ["store_id", "day_of_week", "start_time_local", "end_time_local"]
ZONES = ["store_id", "timezone_str"]
Exact = tuple[int | None, int | None, int | None]


@dataclass(frozen=True)
class Tables:
    polls: list[RawRow]
    hours: list[RawRow]
    zones: list[RawRow]
    options: Options


@dataclass(frozen=True)
class Figures:
    """One store: up, down and unknown of each window in microseconds; columns of the extended report as text."""

    exact: dict[str, Exact]
    columns: dict[str, str]


Engine = Callable[[Tables], dict[str, Figures]]


def frame(rows: list[RawRow], columns: list[str]) -> pl.DataFrame:
    return pl.DataFrame([dict(row) for row in rows], schema=dict.fromkeys(columns, pl.String))


def text(value: object) -> str:
    return {None: "", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else str(value)


def pipeline(tables: Tables) -> dict[str, Figures]:
    source = Frames(frame(tables.polls, POLLS), frame(tables.hours, HOURS), frame(tables.zones, ZONES))
    report = build_report(source, tables.options)
    rows = zip(report.exact.iter_rows(named=True), report.extended.iter_rows(named=True), strict=True)
    return {
        exact["store_id"]: Figures(
            {
                name: (
                    exact[f"uptime_last_{name}_us"],
                    exact[f"downtime_last_{name}_us"],
                    exact[f"unknown_last_{name}_us"],
                )
                for name in ("hour", "day", "week")
            },
            {name: text(value) for name, value in extended.items()},
        )
        for exact, extended in rows
    }


def reference(tables: Tables) -> dict[str, Figures]:
    options = tables.options
    rows = reference_report(
        tables.polls,
        tables.hours,
        tables.zones,
        now=options.now,
        lookback=options.lookback,
        max_gap=options.max_gap,
    )
    return {row.store_id: figures_of(row) for row in rows}


def figures_of(row: Row) -> Figures:
    columns = {
        "last_poll_utc": str(EPOCH + timedelta(microseconds=row.last_poll_us)),
        "last_status": row.last_status,
        "timezone": row.timezone,
        "always_open": text(row.always_open),
    }
    for name, window in row.windows.items():
        columns |= window_columns(name, window)
    return Figures({name: (window.up, window.down, window.unknown) for name, window in row.windows.items()}, columns)


def window_columns(name: str, window: Window) -> dict[str, str]:
    unit = microseconds("0:01" if name == "hour" else "1:00")
    return {
        f"uptime_last_{name}": written(window.up, unit),
        f"downtime_last_{name}": written(window.down, unit),
        f"unknown_last_{name}": written(window.unknown, unit),
        f"business_last_{name}": written(window.business, unit),
        f"polls_last_{name}": str(window.polls),
        f"uptime_percent_last_{name}": window.percent,
    }


# Tests ----------------------------------------------------------------------------------------------------------------


def tables_of(case: Case) -> Tables:
    options = Options(
        now=None if case.now is None else moment(case.now, case.week),
        max_gap=None if case.max_gap is None else length(case.max_gap),
        lookback=length(case.lookback),
    )
    return Tables(poll_rows(case), hours_rows(case), zone_rows(case), options)


def expected(case: Case) -> Exact:
    unknown = None if case.unknown is None else microseconds(case.unknown)
    return (microseconds(case.up), microseconds(case.down), unknown) if case.known else (None, None, unknown)


@pytest.mark.parametrize("engine", [pipeline, reference])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_week_of_one_store(case: Case, engine: Engine) -> None:
    figures = engine(tables_of(case))["s"]
    assert figures.exact[case.window] == expected(case)
    assert {name: figures.columns[name] for name in case.writes} == case.writes


def polls_of(store_ids: list[str], at: str = "2023-01-20 12:00:00 UTC") -> list[RawRow]:
    return [{"store_id": store_id, "timestamp_utc": at, "status": "active"} for store_id in store_ids]


@pytest.mark.parametrize("engine", [pipeline, reference])
def test_rows_are_sorted_by_the_bytes_of_the_store_id(engine: Engine) -> None:
    polls = polls_of(["é", "b", "B", "10", "9", "\U0001f3ea", "\uffee", " b"])
    assert list(engine(Tables(polls, [], [], Options()))) == [" b", "10", "9", "B", "b", "é", "\uffee", "\U0001f3ea"]


@pytest.mark.parametrize("engine", [pipeline, reference])
def test_only_stores_with_a_poll_in_the_horizon_have_a_row(engine: Engine) -> None:
    polls = polls_of(["seen"]) + polls_of(["long ago"], "2023-01-12 11:59:59.999999 UTC")
    zones: list[RawRow] = [{"store_id": "never", "timezone_str": "UTC"}]
    assert list(engine(Tables(polls, [], zones, Options()))) == ["seen"]


@pytest.mark.parametrize("engine", [pipeline, reference])
def test_ids_are_text_that_is_never_parsed_trimmed_or_recased(engine: Engine) -> None:
    store_ids = [" a", "007", "7", "A", "a"]
    assert list(engine(Tables(polls_of(store_ids), [], [], Options()))) == store_ids
