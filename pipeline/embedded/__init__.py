"""A PostgreSQL server that needs no installing."""
