"""The processes of the desk: the supervisor, the web front, the worker, and the embedded database.

For: `make run`, the container and the service unit, which all start `python -m config.server`.
In: signals, sockets and HTTP bytes. Out: Django's requests on threads, streams without them, and jobs.

`supervisor` starts and restarts the roles; `web` serves with `front`, which keeps `connections`, `visitors` and bodies within
limits and follows live responses; `worker` runs jobs and the long-lived parts; `release` migrates first; `postgres` is the
embedded database; `passing` follows one request and `metrics` counts all;
`failing`, `saying`, `loading`, `private`, `home` and `listening` are small parts.

Only `config` imports it. It has no business rules.
"""
