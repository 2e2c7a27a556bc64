"""A desk that has grown: what its lists ask of PostgreSQL, and by which index it answers."""
