"""How a feed says what the three tables are: docs/semantics.md, "Mapping"."""
