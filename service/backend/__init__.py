"""What the routes have in common: registry, workers, the source, and whether all of them are there."""
