"""What a run decides once: now, its horizon, its stores, and the partitions of its polls."""
