"""Polls and business intervals in, uptime and downtime out, in DuckDB."""
