"""Threads, turns and answers that many clients share."""
