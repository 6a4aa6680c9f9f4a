"""A report by periods: its rows, groups, profile and outages, and its files."""
