"""The name of a run in parts: equal runs have the same, so that a second start finds what the first has left.

versions_of       what tells whether files are still the same
run_name          the name of a run over them
check_unchanged   whether they are
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from msgspec import json

import store_uptime
from store_uptime.pipeline.calendar.tzdata import tzdata_version
from store_uptime.pipeline.errors import SourceBusy
from store_uptime.pipeline.options import Options
from store_uptime.pipeline.parts.cluster import Cluster
from store_uptime.pipeline.source.folder.data_file import DataFile, Kind
from store_uptime.pipeline.source.folder.folder import DELETED, Folder
from store_uptime.pipeline.source.folder.places import Place, StoredFile

DIGITS = 20
Version = tuple[int, str | int | None]
"""The size of a file, and its etag or when it was changed."""


def run_name(
    source: Folder, files: Mapping[str, Version], options: Options, cluster: Cluster, kind: Mapping[str, object]
) -> str:
    """The name of a run over files. files: see `versions_of`; kind: what tells its report from others."""
    facts = {
        "version": store_uptime.__version__,
        "tzdata": tzdata_version(),
        "source": source.name,
        "mapping": source.mapping.to_dict(),
        "options": options.to_dict(),
        "part_polls": cluster.part_polls,
        **kind,
        "files": list(files.items()),
    }
    return "run-" + sha256(json.encode(facts)).hexdigest()[:DIGITS]


def versions_of(source: Folder) -> dict[str, Version]:
    """What tells whether the files of a source are still the same, by their addresses. Raises SourceBusy."""
    return {place.address: version_of(place) for place in source.places()}


def version_of(place: Place) -> Version:
    """The size of a file, and its etag or when it was changed. Raises SourceBusy where it is gone."""
    if isinstance(place, StoredFile):
        return place.object.size, place.object.etag
    try:
        status = Path(place.path).stat()
    except FileNotFoundError as error:
        raise SourceBusy(place.printable_name, DELETED) from error
    return status.st_size, status.st_mtime_ns


def check_unchanged(files: Iterable[DataFile], before: Mapping[str, Version]) -> None:
    """Whether files are still those that they were. Raises SourceBusy, which names one that is not."""
    # Of text it does not matter: one task reads all of a file, as it is then, and such files grow while they are read.
    # Objects are compared by who reads them.
    for file in files:
        if file.kind is Kind.PARQUET and version_of(file.place) != before.get(file.place.address):
            raise SourceBusy(file.place.printable_name, "it was replaced while it was being read")
