"""The 168 hours of the week for every store: the call that `benches.reports` measures beside the plain report."""

import polars as pl

HOUR_OF_WEEK = "hour_of_week"
ARE_THERE = False  # whether `hour_of_week_cells` can be called; the row is left out until then


def hour_of_week_cells(source: str) -> pl.DataFrame:
    """store_id, hour_of_week (0 to 167, Monday 0:00 of the store's own clock first), uptime_us, downtime_us.

    A row for each store and hour of the last week that has any business time, microseconds as whole numbers; those of
    a store add up to its figures of the week. source: a folder or an address, as `open_source` takes it.
    """
    raise NotImplementedError(source)


def written_cells(source: str, file: str) -> None:
    """The cells as a Parquet file: what is run as a process."""
    hour_of_week_cells(source).write_parquet(file)
