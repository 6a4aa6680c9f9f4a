"""A service over a sample, for the benches whose clients call it over HTTP."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from store_uptime.pipeline import load_files, throwaway_server, write_sample
from store_uptime.service.testing import Service, serving

SETTLED_S = 60.0  # until then the server still grows into its caches


@dataclass(frozen=True)
class Served:
    """A service that is ready, the URL of its tables and reports, and a folder for its files."""

    service: Service
    database: str
    folder: Path


@contextmanager
def served_sample(stores: int, days: int, *options: str) -> Generator[Served]:
    """A service over a sample in a PostgreSQL server of its own; all of it is gone after the block.

    options: those of `store-uptime serve`; FOLDER in them stands for the folder.
    """
    with TemporaryDirectory() as name, throwaway_server() as database:
        folder = Path(name)
        write_sample(folder / "feed", stores, days)
        load_files(folder / "feed", database, folder / "rejects")
        placed = [option.replace("FOLDER", name) for option in options]
        with serving("--database", database, *placed) as service:
            yield Served(service, database, folder)
