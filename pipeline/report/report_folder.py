"""A report in, several files of it out, in a folder or below a prefix: for more stores than one file should have.

    part-00000.csv    the figures of the first 100 000 stores, a whole file with its header
    part-00001.csv    of the next ones
    _report.json      provenance, quality, and the files, each with its rows, bytes and SHA-256; written last

report_folder_targets   called before anything is read: what is there under these names
write_report_folder     the files
write_period_folder     the same of a report by periods, the rows of 100 000 stores in each

An earlier report gives way as a whole. While it does, there is no `_report.json`: who sees one finds the files that it
names.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from fcntl import LOCK_EX, flock
from hashlib import sha256
from pathlib import Path

from store_uptime.pipeline.errors import writing
from store_uptime.pipeline.files import Purpose
from store_uptime.pipeline.report.periods.period_report import PeriodReport
from store_uptime.pipeline.report.report import REPORT, Report
from store_uptime.pipeline.targets import (
    ReportFolder,
    Target,
    check_targets,
    names_in,
    place_below,
    remove_target,
    write_pieces_to_target,
    write_target,
)

STORES_OF_A_FILE = 100_000
INDEX = "_report.json"
FILE_NAME = re.compile(r"part-[0-9]{5,}\.(csv|parquet)")


@dataclass(frozen=True)
class WrittenFile:
    """A file of a report, as `_report.json` tells of it. bytes: how many it has; sha256: of them, in hexadecimal."""

    name: str
    rows: int
    bytes: int
    sha256: str


def report_folder_targets(folder: ReportFolder) -> dict[Target, Purpose]:
    """The files that `write_report_folder` may replace or remove, each with its purpose. Raises CannotWrite."""
    earlier = filter(FILE_NAME.fullmatch, names_in(folder.place))
    return {place_below(folder.place, name): REPORT for name in (INDEX, *earlier)}


def write_report_folder(
    report: Report,
    folder: ReportFolder,
    ending: str,
    render: Callable[[Report], bytes],
    stores_of_a_file: int = STORES_OF_A_FILE,
) -> None:
    """Write a report as several files of `render`, each of some of its stores. ending: csv or parquet.

    Raises CannotWrite, also where a file of others has one of the names.
    """
    parts = (FilePart(part.exact.height, [render(part)]) for part in parts_of(report, stores_of_a_file))
    write_folder(folder, ending, report.about, parts)


def write_period_folder(
    report: PeriodReport,
    folder: ReportFolder,
    ending: str,
    render: Callable[[PeriodReport], Iterable[bytes]],
    stores_of_a_file: int = STORES_OF_A_FILE,
) -> None:
    """Write the rows of a report by periods as several files of `render`, which gives the pieces of one."""
    parts = (FilePart(part.rows.height, render(part)) for part in period_parts_of(report, stores_of_a_file))
    write_folder(folder, ending, report.about, parts)


@dataclass(frozen=True)
class FilePart:
    """What a file of a report holds. pieces: its bytes, one behind the other; they are made while it is written."""

    rows: int
    pieces: Iterable[bytes]


def write_folder(folder: ReportFolder, ending: str, about: Mapping[str, object], parts: Iterable[FilePart]) -> None:
    place, index = folder.place, place_below(folder.place, INDEX)
    with alone_in(place):
        earlier = report_folder_targets(folder)
        check_targets(earlier, ())
        remove_target(index, REPORT)
        written = [
            write_part(part, place_below(place, f"part-{number:05}.{ending}")) for number, part in enumerate(parts)
        ]
        write_target(index_content(about, written), index, REPORT)
        kept = {index, *(place_below(place, file.name) for file in written)}
        for target in earlier:
            if target not in kept:
                remove_target(target, REPORT)


@contextmanager
def alone_in(place: Target) -> Iterator[None]:
    """The block, in which no other process writes a report into the folder; it waits for one that does.

    Of two that write below a prefix the conditions of their requests let one fail.
    """
    if not isinstance(place, Path):
        yield
        return
    with writing(place):
        place.mkdir(parents=True, exist_ok=True)
        handle = os.open(place, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems have no locks
            flock(handle, LOCK_EX)
        yield
    finally:
        os.close(handle)


def parts_of(report: Report, stores: int) -> Iterator[Report]:
    """Reports of some of the stores each, in their order; one without stores has one part."""
    # The lists of stores may be longer than the figures of a part. They are those of the whole report, in the index.
    quality = replace(report.quality, stores={})
    for first in range(0, max(1, report.exact.height), stores):
        yield replace(report, exact=report.exact.slice(first, stores), quality=quality, lanes=None)


def period_parts_of(report: PeriodReport, stores: int) -> Iterator[PeriodReport]:
    quality = replace(report.quality, stores={})
    for first in range(0, max(1, report.stores.height), stores):
        some = report.stores.slice(first, stores)
        rows = report.rows.join(some, on="store", how="semi", maintain_order="left")
        yield replace(report, stores=some, rows=rows, quality=quality)


def write_part(part: FilePart, target: Target) -> WrittenFile:
    size, digest = 0, sha256()

    def counted() -> Iterator[bytes]:
        nonlocal size
        for piece in part.pieces:
            size += len(piece)
            digest.update(piece)
            yield piece

    write_pieces_to_target(counted(), target, REPORT)
    return WrittenFile(target.name, part.rows, size, digest.hexdigest())


def index_content(about: Mapping[str, object], written: list[WrittenFile]) -> bytes:
    # It begins as a report in JSON does, by which it is known as a file of ours.
    content = {**about, "parts": [asdict(file) for file in written]}
    return (json.dumps(content, ensure_ascii=False) + "\n").encode()
