"""How a desk runs on one machine: its own PostgreSQL, the web front, the worker and the supervisor of them all.

`python -m config.server run` starts everything; `web`, `worker` and `release` are its parts, for containers.
"""
