"""Sample data for an empty database, for the page's first button."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from store_uptime import pipeline
from store_uptime.service.errors import CannotLoadSample, TablesNotEmpty
from store_uptime.service.workers.tasks import SourceConfig


def load_sample(config: SourceConfig, stores: int, days: int) -> None:
    """Make a feed of so many stores and days up to now, and load it. Raises TablesNotEmpty, CannotLoadSample."""
    if pipeline.reads_files(config.database):
        raise CannotLoadSample
    if has_rows(config):
        raise TablesNotEmpty
    if config.schema is not None:  # a load follows the search path
        raise CannotLoadSample
    with TemporaryDirectory(prefix="store-uptime-") as name:
        feed, rejects = Path(name) / "feed", Path(name) / "rejects"
        pipeline.write_sample(feed, stores, days, end=datetime.now(UTC))
        try:
            pipeline.load_files(feed, config.database, rejects)
        except pipeline.StoreUptimeError as error:
            raise CannotLoadSample from error


def has_rows(config: SourceConfig) -> bool:
    """Whether one of the three tables exists and has a row."""
    try:
        with config.open().opened() as source:
            reads = (source.hours, source.zones)
            return source.poll_span_us() is not None or any(
                not table.head(1).collect().is_empty() for read in reads for table in read(None)
            )
    except pipeline.SourceMismatch:
        return False
