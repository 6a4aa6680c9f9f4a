"""A store's changes of status in, a strip of them as SVG paths out: docs/page.md, "Reading a lane"."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from store_uptime.service.page.humanize import MINUTE, format_duration

WIDTH = 240
LEAST_WIDTH = 0.75  # what is short can still be seen
CLOSED = 0
# By status, as in `Report.lanes`: the class, the word, and where the bar is and how high. Each has a shape of its own,
# so that colour is not all there is; the outline of what is carried needs room for its stroke.
BARS = {
    1: ("up", "up", 5.0, 12.0),
    4: ("up carried", "up", 5.6, 10.8),
    3: ("unknown", "unknown", 7.0, 8.0),
    2: ("down", "down", 0.0, 22.0),
    5: ("down carried", "down", 0.6, 20.8),
}
Change = tuple[int, int]
"""A minute, and the status from then on."""


@dataclass(frozen=True)
class Strip:
    """paths: a class and an outline for each status that there is; label: the same in words."""

    paths: list[tuple[str, str]]
    label: str


def drawn_strip(changes: Sequence[Change], first: int, last: int) -> Strip:
    """The minutes from one to another of a store that begins closed; changes by minute."""
    outlines: dict[int, str] = {}
    minutes: dict[str, int] = {}
    unit = WIDTH / (last - first)
    for status, start, end in stretches(changes, first, last):
        if status == CLOSED:
            continue
        _, word, top, height = BARS[status]
        width = max((end - start) * unit, LEAST_WIDTH)
        outlines[status] = (
            outlines.get(status, "") + f"M{(start - first) * unit:.1f} {top:g}h{width:.1f}v{height:g}h-{width:.1f}z"
        )
        minutes[word] = minutes.get(word, 0) + end - start
    there = [word for word in ("up", "down", "unknown") if word in minutes]
    words = [f"{word} {format_duration(MINUTE * minutes[word])}" for word in there]
    paths = [(BARS[status][0], outlines[status]) for status in BARS if status in outlines]
    return Strip(paths, ", ".join(words) or "closed")


def stretches(changes: Sequence[Change], first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """Status, start and end of each stretch, as far as it is of these minutes."""
    status, start = CLOSED, first
    for minute, following in [*changes, (last, CLOSED)]:
        end = min(max(minute, first), last)
        if end > start:
            yield status, start, end
            start = end
        status = following
