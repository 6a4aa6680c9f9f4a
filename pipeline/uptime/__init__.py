"""Polls and business intervals in, uptime and downtime out, in DuckDB: docs/semantics.md, "Evidence"."""
