"""How a desk runs on one machine: real processes, real sockets, a real PostgreSQL. Waits poll with a deadline."""
