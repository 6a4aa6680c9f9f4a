"""The name of a run in parts: equal runs have the same, so that a second start finds what the first has left."""

from hashlib import sha256
from pathlib import Path

from msgspec import json

import store_uptime
from store_uptime.pipeline.calendar.tzdata import tzdata_version
from store_uptime.pipeline.options import Options
from store_uptime.pipeline.parts.cluster import Cluster
from store_uptime.pipeline.source.folder.folder import Folder
from store_uptime.pipeline.source.folder.places import Place, StoredFile

DIGITS = 20


def run_name(source: Folder, options: Options, cluster: Cluster, with_lanes: bool) -> str:
    """The name of a run over these files, as they are now."""
    told = {
        "version": store_uptime.__version__,
        "tzdata": tzdata_version(),
        "source": source.name,
        "mapping": source.mapping.to_dict(),
        "options": options.to_dict(),
        "part_polls": cluster.part_polls,
        "with_lanes": with_lanes,
        "files": list(map(version_of, source.places())),
    }
    return "run-" + sha256(json.encode(told)).hexdigest()[:DIGITS]


def version_of(place: Place) -> tuple[str, int, str | int | None]:
    """What tells whether a file is still the same: its address, its size, and its etag or when it was changed."""
    if isinstance(place, StoredFile):
        return place.address, place.object.size, place.object.etag
    status = Path(place.path).stat()
    return place.address, status.st_size, status.st_mtime_ns
