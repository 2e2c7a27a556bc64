"""How the desk is wired: settings, the table of contents in `urls`, checks, health, and the processes.

For: everything that is decided once for an installation. There are no business rules and no models here.
In: environment variables (`env`), requests (`asgi`, `wsgi`), and `make run`. Out: a running desk, or a message that says what is missing.

`server` holds the processes and the embedded database, `backup` one archive of everything, `checks`, `database_checks` and
`doctor` what may be wrong, `migrating` how releases take turns, `document` and `openapi` the API's document and its pages,
`metrics` what Prometheus is shown by `doors`, `logs` the lines of the log, and `s3` where uploads are on S3.

It imports every app; no app imports it.
"""
