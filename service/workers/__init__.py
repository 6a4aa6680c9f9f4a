"""Processes that make reports, and what they do."""
