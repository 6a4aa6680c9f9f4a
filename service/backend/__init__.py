"""The parts that all routes share: registry, workers, the source, and their readiness."""
