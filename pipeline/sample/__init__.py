"""A feed that looks real, made from a seed."""
