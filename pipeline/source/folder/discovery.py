"""A folder in, its files out: which table each one is, and which are not read.

found_files   the one function by which `report` and `load` find files
walk.py       the files below a folder
classify.py   what each of them is

The content of a file decides. Not mentioned are hidden files, markers and checksums of other tools, and the files that
this program has written. Every other file that is not read is named, with the reason.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from store_uptime.pipeline.data_warnings import DataWarning, SourceRemark
from store_uptime.pipeline.errors import SourceMismatch
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.source.folder.classify import Classified, classify
from store_uptime.pipeline.source.folder.data_file import DataFile, PassedOver, listed_with_reasons, warnings_of
from store_uptime.pipeline.source.folder.dated_files import DatedFile, bears_out, dated_sets, probes
from store_uptime.pipeline.source.folder.places import StoredFile
from store_uptime.pipeline.source.folder.walk import FileBelow, files_below
from store_uptime.pipeline.storage.addresses import ObjectAddress
from store_uptime.pipeline.tables import COLUMNS, NEEDED_COLUMNS, Table
from store_uptime.pipeline.text import printable
from store_uptime.pipeline.threads import in_threads

AT_ONCE = 16
"""How many objects are looked at at once: a request takes as long as a hundred on a disk."""


@dataclass(frozen=True)
class FoundFiles:
    """The files of a folder, in the order of the paths' bytes.

    source: the folder, printable. unopened: files of polls that are taken to be older than what is asked for, the
    latest first. version: of objects, that of all that were listed; None: they cannot be compared.
    """

    source: str
    tables: dict[Table, list[DataFile]]
    passed_over: list[PassedOver]
    unopened: list[DatedFile]
    version: str | None

    @property
    def warnings(self) -> list[DataWarning]:
        """The warning about files that were not read, and columns of stores that are left out."""
        return [*warnings_of(self.passed_over), *repeated_columns(self.tables["stores"])]


def found_files(
    path: Path | ObjectAddress, mapping: SourceMapping = AS_NAMED, *, leave_old: bool = False
) -> FoundFiles:
    """The data files of a folder and of the folders in it, or the one file that is named; or objects, alike.

    leave_old: where there are very many files in folders by day, only a few of them are opened, if those bear the names
    of the folders out.

    Raises SourceMissing where something cannot be read, SourceMismatch where no file is one of the tables, and of
    objects what `storage` raises.
    """
    source = printable(str(path))
    tables: dict[Table, list[DataFile]] = {table: [] for table in NEEDED_COLUMNS}
    passed_over = []
    every = files_below(path)
    unopened = old_files(every, mapping) if leave_old else []
    old = {file.below for file in unopened}
    for found in classified([below for below in every if below not in old] if old else every, mapping):
        if isinstance(found, PassedOver):
            passed_over.append(found)
        elif found is not None:
            table, file = found
            tables[table].append(file)
    if not any(tables.values()):
        raise nothing_found(path, passed_over, mapping)
    return FoundFiles(
        source,
        {table: without_rejects(files) for table, files in tables.items()},
        passed_over,
        unopened,
        version_of(every, mapping),
    )


def classified(below: Sequence[FileBelow], mapping: SourceMapping) -> Iterable[Classified]:
    """What each file is. Raises what `classify` raises."""
    if not any(isinstance(file.place, StoredFile) for file in below):
        return (classify(file, mapping) for file in below)
    # The first alone: what is learnt of its schema is known then to all that have the same.
    first = [classify(file, mapping) for file in below[:1]]
    return first + in_threads(partial(classify, mapping=mapping), below[1:], AT_ONCE)


def repeated_columns(files: Sequence[DataFile]) -> Iterator[SourceRemark]:
    """The remark on the first file of stores that has columns more than once."""
    for file in files:
        times = Counter(name.strip() for name in file.header)
        repeated = [repr(name) for name, number in times.items() if name and number > 1]
        if repeated:
            yield SourceRemark(
                f"The header of {file.name} has {', '.join(repeated)} more than once, so that is left out: rename the "
                "columns."
            )
            return


def old_files(below: Sequence[FileBelow], mapping: SourceMapping) -> list[DatedFile]:
    """The files that need not be opened before it is known what is asked for, the latest first."""
    unopened: list[DatedFile] = []
    for files in dated_sets(below):
        probed = probes(files)
        found = classified([file.below for file in probed], mapping)
        if all(bears_out(file, each, mapping) for file, each in zip(probed, found, strict=True)):
            looked_at = set(probed)
            unopened += [file for file in files if file not in looked_at]
    return sorted(unopened, key=lambda file: -file.day_us)


def version_of(below: Sequence[FileBelow], mapping: SourceMapping) -> str | None:
    """What tells one state of objects from another: a hash of their keys, sizes and etags, and that of the mapping."""
    objects = [file.place.object for file in below if isinstance(file.place, StoredFile)]
    if not objects or any(each.etag is None for each in objects):
        return None
    import hashlib

    listed = "\n".join(f"{each.etag} {each.size} {each.address}" for each in objects)
    # Written like a version of PostgreSQL, `place snapshot`, with one snapshot for all: where places differ, so does
    # the data.
    return f"0/{hashlib.sha256(listed.encode()).hexdigest()}/{mapping.digest} 1:1:"


def without_rejects(files: list[DataFile]) -> list[DataFile]:
    # Rejected rows lie beside the files that they were rejected from. Where there are no other files, they are
    # the source, for example once someone has corrected them.
    return [file for file in files if not file.is_rejects] or files


def nothing_found(path: Path | ObjectAddress, passed_over: list[PassedOver], mapping: SourceMapping) -> SourceMismatch:
    known = "known are " + "; ".join(f"{table}: {','.join(header_of(table, mapping))}" for table in COLUMNS)
    needed = f"{known}{rename_remedy(passed_over, list(COLUMNS), mapping)}"
    if passed_over and is_one_file(path):
        return SourceMismatch(printable(str(path)), passed_over[0].reason, needed)
    beside = f": {listed_with_reasons(passed_over)}" if passed_over else ""
    return SourceMismatch(printable(str(path)), f"it holds no file that is one of the tables{beside}", needed)


def is_one_file(path: Path | ObjectAddress) -> bool:
    return isinstance(path, Path) and path.is_file()


def missing_table(found: FoundFiles, table: Table, mapping: SourceMapping) -> SourceMismatch:
    """The error where no file is a table: the header that one needs, and the files that were not read."""
    beside = f"; passed over: {listed_with_reasons(found.passed_over)}" if found.passed_over else ""
    needed = f"one needs the header {','.join(header_of(table, mapping))}{beside}"
    remedy = rename_remedy(found.passed_over, [table], mapping)
    return SourceMismatch(found.source, f"no file has the columns of {table}", f"{needed}{remedy}")


def header_of(table: Table, mapping: SourceMapping) -> list[str]:
    return [mapping.column_name(table, column) for column in COLUMNS[table]]


def rename_remedy(passed_over: list[PassedOver], tables: list[Table], mapping: SourceMapping) -> str:
    """The mapping by which the file that is most like a table would be one; empty where none is like one."""
    if not any(file.header for file in passed_over):
        return ""
    from store_uptime.pipeline.mapping.likeness import PROBABLE, mapping_remedy, table_likeness

    likeness, table, header = max(
        (table_likeness(table, list(file.header)), table, list(file.header))
        for file in passed_over
        for table in tables
        if file.header
    )
    return f"; {mapping_remedy(table, header, mapping)}" if likeness >= PROBABLE else ""
