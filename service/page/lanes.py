"""The lane of a store: from the changes of its status a path for each status, and what they say in words.

assets/lanes.js has the same rules, for the rows that the script makes: a test compares the two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from store_uptime.pipeline import LaneStatus
from store_uptime.service.page.humanize import format_duration

WEEK_MIN = 7 * 24 * 60
CLOSED, UP, DOWN, UNKNOWN, UP_CARRIED, DOWN_CARRIED = map(int, LaneStatus)
Bar = tuple[float, float]
LEAST_WIDTH = 30  # minutes: what is short can still be seen
BARS: dict[int, tuple[float, float]] = {
    UP: (12, 10),
    UP_CARRIED: (12.5, 9),
    UNKNOWN: (13, 8),
    DOWN: (7, 20),
    DOWN_CARRIED: (7.5, 19),
}
"""Where a status is in a lane of 34, and how high: a shape of its own for each, so that colour is not all there is.
What is carried is drawn by its outline, half of which lies outside."""
NAMES: dict[int, str] = {
    UP: "up",
    UP_CARRIED: "up carried",
    UNKNOWN: "unknown",
    DOWN: "down",
    DOWN_CARRIED: "down carried",
}
OF_KIND: dict[int, int] = {UP_CARRIED: UP, DOWN_CARRIED: DOWN}


@dataclass(frozen=True)
class Lane:
    """paths: the path of each status, by its classes in the style; description: the same in words."""

    paths: dict[str, str]
    description: str


def drawn_lane(changes: Sequence[int]) -> Lane:
    """A lane from 8 * minute + status for each change."""
    found = list(stretches(changes))
    return Lane(status_paths(found, LEAST_WIDTH), described(found))


def status_paths(found: Sequence[tuple[int, int, int]], least: int) -> dict[str, str]:
    """The path of each status, by its classes in the style, from `stretches`. least: the width of the shortest."""
    paths = dict.fromkeys(NAMES, "")
    for status, start, end in found:
        if status != CLOSED:
            top, height = BARS[status]
            width = max(end - start, least)
            paths[status] += f"M{start} {top}h{width}v{height}h-{width}z"
    return {NAMES[status]: path for status, path in paths.items()}


def stretches(changes: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """status, and the minutes from and to; the week begins closed."""
    status, start = CLOSED, 0
    for change in (*changes, 8 * WEEK_MIN):
        minute = change >> 3
        if minute > start:
            yield status, start, minute
        status, start = change & 7, minute


def described(found: Sequence[tuple[int, int, int]]) -> str:
    """In the week: up 40 h, down 2 h 30 min in 1 stretch."""
    minutes, down, before = dict.fromkeys((CLOSED, UP, DOWN, UNKNOWN), 0), 0, CLOSED
    for status, start, end in found:
        kind = OF_KIND.get(status, status)
        minutes[kind] += end - start
        down += kind == DOWN != before  # what is carried goes on with what was seen
        before = kind
    if minutes[CLOSED] == WEEK_MIN:
        return "Closed all week"
    parts = [f"up {format_duration(60 * minutes[UP])}", f"down {format_duration(60 * minutes[DOWN])}"]
    if down:
        parts[1] += f" in {down} {'stretch' if down == 1 else 'stretches'}"
    if minutes[UNKNOWN]:
        parts.append(f"unknown {format_duration(60 * minutes[UNKNOWN])}")
    return f"In the week: {', '.join(parts)}"
