"""Text and Parquet files as a source; each is known by its content, whatever its name."""
