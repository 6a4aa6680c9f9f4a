"""What a run decides once: now, its horizon, its stores, and which polls are worked on together."""
