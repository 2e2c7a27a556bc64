"""Which worker a delivery belongs to, and for how long. Each of these is one statement, committed by itself.

`due_at` is the moment of the next attempt; while a worker is at it, the moment until which it is that worker's. A worker that is
killed leaves its deliveries to the others as soon as that is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from conversations.models import Delivery, DeliveryState

BATCH = 50
LEASE = 120  # seconds for which a delivery is a worker's
TO_LEAVE = 15  # seconds, for a reply that leaves: that takes no more than a few statements

_TAKE = """
    UPDATE conversations_delivery SET attempts = attempts + 1, due_at = statement_timestamp() + make_interval(secs => %s)
    WHERE id = ANY (ARRAY(
        SELECT id FROM conversations_delivery
        WHERE state IN ('scheduled', 'sending') AND state = %s AND held_at IS NULL AND due_at <= statement_timestamp()
        ORDER BY due_at, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
    )) RETURNING *
"""
# As an array the sub-select runs once: one that is joined may run again for each row, and then takes more than its limit.


def taken(state: DeliveryState, *, seconds: int) -> list[Delivery]:
    """The next due deliveries in this state, oldest first; they are the caller's for so many seconds."""
    rows = Delivery.all_workspaces.raw(_TAKE, [seconds, state.value, BATCH])  # a worker serves all workspaces
    return sorted(rows, key=lambda row: row.pk)


def handed(delivery: Delivery) -> bool:
    """Note that this delivery is handed to the other side now; to be called right before. It is the caller's for a whole lease more.

    False where it is another worker's by now, or done with: then it must not be handed over.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE conversations_delivery SET handed_at = statement_timestamp(),"
            " due_at = statement_timestamp() + make_interval(secs => %s)"
            " WHERE id = %s AND state = 'sending' AND due_at = %s AND due_at > statement_timestamp()"
            " RETURNING handed_at, due_at",
            [LEASE, delivery.pk, delivery.due_at],
        )
        found = cursor.fetchone()
    if found is None:
        return False
    delivery.handed_at, delivery.due_at = found
    return True


def later(delivery: Delivery, *, seconds: int, code: str, reason: str, is_uncertain: bool) -> None:
    """It was not taken: it is due again after so many seconds."""
    _execute(
        "UPDATE conversations_delivery SET due_at = statement_timestamp() + make_interval(secs => %s), code = %s, reason = %s,"
        " handed_at = CASE WHEN %s THEN handed_at END WHERE id = %s AND state = 'sending' AND due_at = %s",
        [seconds, code, reason, is_uncertain, delivery.pk, delivery.due_at],
    )


def put_back(deliveries: Sequence[Delivery]) -> None:
    """There was no time for these: they are due as if they had not been taken."""
    for delivery in deliveries:
        _execute(
            "UPDATE conversations_delivery SET attempts = attempts - 1, due_at = statement_timestamp()"
            " WHERE id = %s AND due_at = %s",
            [delivery.pk, delivery.due_at],
        )


def _execute(sql: str, values: Iterable[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
