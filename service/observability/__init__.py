"""Logs, metrics and memory of a server."""
