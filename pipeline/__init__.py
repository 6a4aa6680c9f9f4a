"""Polls, business hours and time zones in; uptime and downtime of every store out."""
