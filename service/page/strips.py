"""Some minutes of a store's lane out of the changes of its status; as `lanes`, which has all of the week."""

from collections.abc import Sequence
from dataclasses import dataclass

from store_uptime.service.page.humanize import MINUTE, format_duration
from store_uptime.service.page.lanes import LEAST_WIDTH, NAMES, WEEK_MIN, status_paths, stretches


@dataclass(frozen=True)
class Strip:
    """length: its minutes, which are the units across; paths: a path for each status that there is, by its classes in
    the style; label: the same in words."""

    length: int
    paths: dict[str, str]
    label: str


def drawn_strip(changes: Sequence[int], first: int, last: int) -> Strip:
    """The minutes of the week from one to another, from 8 * minute + status for each change."""
    length = last - first
    found = [
        (status, max(start, first) - first, min(end, last) - first)
        for status, start, end in stretches(changes)
        if start < last and end > first
    ]
    minutes: dict[str, int] = {}
    for status, start, end in found:
        kind = NAMES.get(status, "closed").split()[0]
        minutes[kind] = minutes.get(kind, 0) + end - start
    there = [kind for kind in ("up", "down", "unknown") if kind in minutes]
    words = [f"{kind} {format_duration(MINUTE * minutes[kind])}" for kind in there]
    paths = status_paths(found, LEAST_WIDTH * length // WEEK_MIN)
    drawn = {name: path for name, path in paths.items() if path}
    return Strip(length, drawn, ", ".join(words) or "closed")
