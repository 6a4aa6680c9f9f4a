"""A report with lanes in, what the page shows of all its stores out: docs/semantics.md, "What the page counts"."""
