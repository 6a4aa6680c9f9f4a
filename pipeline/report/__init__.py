"""Computed microseconds in; reports, timelines and their files out."""
