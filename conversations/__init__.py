"""The desk: conversations with contacts, the knowledge base, the assistant, and every door to them.

For: what customers write and agents answer. All features share `models`, `queries` and `actions`; above them
each feature is one folder with the same file names inside (`knowledge`, `assistant`, `notifications`).
In: through doors, which only translate: `screens` (agents), `dialects` (wire formats, on what `api` shares), `channels`
(customers), `admin` and `management`. Out: through the journal to `reactions`, and through channels to customers.

`reactions` is the one table of what follows an event, `background` the one of what a worker runs for as long as it lives, `tasks` an
index for the job queue, `maintenance` what is due by the clock.
The order of imports is the contract "Inside conversations" in pyproject.toml, and it is exhaustive.
"""
