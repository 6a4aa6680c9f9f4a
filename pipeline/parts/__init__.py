"""Parts of a report that is too large for one pass, and what runs them: here, or on a cluster."""
