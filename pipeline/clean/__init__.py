"""Raw rows in; the rows that count, and a reason for each of the others, out: docs/semantics.md, "Input"."""
