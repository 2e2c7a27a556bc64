"""The one table of what a worker runs for as long as it lives. What may wait for a slow provider has a queue and room of its own,
so that nothing else waits behind it."""

from __future__ import annotations

from accounts import background as accounts
from accounts.background import Held, Jobs, Part, Periodic
from conversations import maintenance
from conversations.actions import outgoing
from conversations.assistant import presence, recovery, runs
from conversations.bulk import actions as bulk
from conversations.bulk import working
from conversations.channels import outbox
from conversations.channels.discord import running as discord
from conversations.channels.email import door, trials, watching

PARTS: tuple[Part, ...] = (
    *accounts.PARTS,
    Held("presence", presence.registered),
    Held("mailboxes", watching.running),
    Held("door", door.running),
    Held("discord", discord.running),
    Jobs("jobs", ("default", "builtin"), setting="WORKER_CONCURRENCY"),  # the second is the job queue's own
    Jobs("checks", (trials.QUEUE,), setting="CHECK_CONCURRENCY"),
    Jobs("answers", (runs.QUEUE,), setting="ASSISTANT_CONCURRENCY"),
    # Two, so that a reply leaves in time while a mail server is slow.
    Periodic("leaving", outbox.leave_due, every=1.0),
    Periodic("deliveries", outbox.deliver_due, every=1.0, bell=outgoing.BELL, rest=0.1),
    Periodic("bulk", working.work_due, every=1.0, bell=bulk.BELL),
    Periodic("comparing", maintenance.compare_contacts, every=2.0),
    Periodic("recovery", recovery.check, every=3.0),
)
