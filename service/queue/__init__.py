"""Reports in their order: taken from the registry, seen through, and made when their time has come."""
