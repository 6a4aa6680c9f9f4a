"""Reports, schedules, keys and sessions in PostgreSQL."""
