"""Files below folders that are named by a day in, which of them are opened out.

    dated_sets   the files of a source of which there are many, alike, in folders by day
    probes       a few files of such a set, which show whether the names of its folders can be believed
    bears_out    whether a file that was opened holds the polls of its day

A feed of years has thousands of files, and a report needs those of eight days. A folder that is named by a day is
believed, with a day's slack, to hold no poll after it; so files of days that end before a horizon are not opened. It is
believed only where every file that is opened bears it out: a folder may as well be named by something else.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from store_uptime.pipeline.durations import DAY_US
from store_uptime.pipeline.instants import instant_us
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.source.folder.classify import Classified
from store_uptime.pipeline.source.folder.data_file import PassedOver
from store_uptime.pipeline.source.folder.paths import hive_partitions, path_bytes
from store_uptime.pipeline.source.folder.time_spans import span_of
from store_uptime.pipeline.source.folder.walk import FileBelow

LEAST_FILES = 500
"""Of a set: the ends of fewer files are soon read, and then all their rows are counted."""
PROBES = 16
KEYS = ("date", "dt", "ds", "day")
DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
PARTS = ("year", "month", "day")
VARYING = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+")  # what differs between names of one kind


@dataclass(frozen=True)
class DatedFile:
    """A file that has not been opened, below a folder of a day; day_us: when that day begins in UTC."""

    below: FileBelow
    day_us: int

    @property
    def end_us(self) -> int:
        """When its polls are over, if its folder is right: a day's slack is for clocks of any zone, and late polls."""
        return self.day_us + 2 * DAY_US


def dated_sets(files: Iterable[FileBelow]) -> list[list[DatedFile]]:
    """The sets of many files alike, each with the latest day first."""
    by_kind: dict[object, list[DatedFile]] = {}
    for below in files:
        partitions = lowered(below)
        day_us = day_of(partitions)
        if day_us is not None:
            by_kind.setdefault(kind_of(below), []).append(DatedFile(below, day_us))
    large = (each for each in by_kind.values() if len(each) >= LEAST_FILES)
    return [sorted(each, key=lambda file: (-file.day_us, path_bytes(file.below.place.path))) for each in large]


def lowered(below: FileBelow) -> dict[str, str]:
    return {key.lower(): value for key, value in hive_partitions(below.folders).items() if value is not None}


def day_of(partitions: dict[str, str]) -> int | None:
    """When the day begins that folders name as `date=2024-05-05`, or as `year=2024/month=05/day=05`."""
    whole = (match.groups() for key in KEYS if (match := DAY.fullmatch(partitions.get(key, ""))))
    parts = tuple(partitions.get(part, "") for part in PARTS)
    year, month, day = next(whole, parts)
    try:
        return instant_us(datetime(int(year), int(month), int(day), tzinfo=UTC))
    except ValueError:
        return None


def kind_of(below: FileBelow) -> object:
    """What files have in common that are written by one program: folders but for their values, and the name but for
    its numbers."""
    folders = tuple(name.partition("=")[0] if "=" in name else name for name in below.folders)
    return folders, VARYING.sub("#", below.place.path.name.lower())


def probes(files: Sequence[DatedFile]) -> list[DatedFile]:
    """A few files of a set, from the latest to the earliest."""
    last = len(files) - 1
    return [files[number] for number in sorted({last * probe // (PROBES - 1) for probe in range(PROBES)})]


def bears_out(file: DatedFile, found: Classified, mapping: SourceMapping) -> bool:
    """Whether a file, now that it is opened, holds typed polls, and none after its day."""
    if found is None or isinstance(found, PassedOver):
        return False
    table, opened = found
    if table != "store_status" or opened.rows is None:
        return False
    span = span_of(opened, mapping)
    return opened.rows == 0 if span is None else span.last_us < file.end_us
