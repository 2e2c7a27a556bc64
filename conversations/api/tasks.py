"""Jobs of the API: deleting answers that no repeated request can ask for any more."""

from __future__ import annotations

from procrastinate.contrib.django import app

from accounts import clock
from conversations.api import idempotency


@app.periodic(cron="17 * * * *")
@app.task(name="forget_idempotency_keys", queueing_lock="forget_idempotency_keys")
def forget_idempotency_keys(timestamp: int) -> None:
    """Delete the answers that were kept for a day."""
    idempotency.forget(clock.now())
