"""What wire formats share: the view set they derive from, and how each is found, answered and described.

For: formats, each one folder under `conversations/dialects/`; nothing here knows any of them by name, and no product's words.
In: requests with a key (`credentials`, `end_user`), within their rate (`limits`) and once (`idempotency`).
Out: answers that the format renders; the OpenAPI document of each format (`schema`).

`views` checks requests, in one order; `problems` are the errors that each format prints in its `error_bodies`; `fallbacks` prints
Django's own errors. `discovery` finds the formats, `fields` and `twins` read and print values.
Formats and config import it; it imports verbs, queries and accounts, and is the lowest room that speaks REST framework.
"""
