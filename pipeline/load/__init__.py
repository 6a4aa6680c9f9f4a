"""Files into PostgreSQL, and what was rejected into files beside them."""
