"""Who uses the desk, and what every other app builds on.

For: workspaces, people, teams and API keys; tenancy, permissions, the journal, live answers, and the transaction of a verb.
In: requests through `web` (sessions) and `credentials` (keys), commands through `management`, and calls of the apps above.
Out: an `Actor` in an open workspace scope; events in the `journal`; live responses.

Rows are in `models`, changes in `actions`, reads in `queries`. `tenancy` opens scopes, `permissions` says who may do what by
the rules that each app registers (`rules` are its own), `transaction` makes a verb one transaction in the order of locks,
`counters` numbers and counts rows, `changes` sets given fields, `moments` is the only type for moments in rows, `background`
says what a worker can run for as long as it lives.
`index_migrations` and `tenant_migrations` are operations for migrations of every app.

Every app may import it. It imports none of them: the apps above register themselves (reactions, assignments, rules).
"""
