"""The keys that this process has looked up within the last second, so that a busy caller costs no query per call.

A key that is revoked, changed or deleted is forgotten at once where that happened, and in the other processes as soon as
PostgreSQL tells them (`follow`), in any case within a second: nothing is remembered for longer. Its end is compared with the
clock at every call.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models.signals import post_delete, post_save

from accounts.models import ApiKey, Workspace

if TYPE_CHECKING:
    from accounts.credentials.authentication import Grant
    from accounts.live.hub import Hub

SECONDS = 1.0
AT_MOST = 10_000  # keys
CHANNEL = "parley_keys"

_grants: dict[str, tuple[Grant, float]] = {}


def get(prefix: str) -> Grant | None:
    """The grant of a key that was looked up within the last second."""
    found = _grants.get(prefix)
    return found[0] if found is not None and time.monotonic() - found[1] < SECONDS else None


def put(prefix: str, grant: Grant, asked: float) -> None:
    """Remember a grant from the moment before it was asked for. Not inside a transaction, which may be undone."""
    if connection.in_atomic_block:
        return
    if len(_grants) >= AT_MOST:
        _grants.clear()
    _grants[prefix] = (grant, asked)


def forget() -> None:
    """Forget all keys: the next call of each is looked up."""
    _grants.clear()


async def follow(hub: Hub) -> None:
    """Forget whenever another process has changed a key. Runs as long as the process serves."""
    async for _ in hub.listen(CHANNEL):
        forget()


def _changed(**_: Any) -> None:
    forget()
    transaction.on_commit(forget)
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")


def connect() -> None:
    """Receive every change of a key, and of a workspace, whose secrets and name a grant holds too."""
    for model in (ApiKey, Workspace):
        for signal in (post_save, post_delete):
            signal.connect(_changed, sender=model, dispatch_uid=f"remembered {model.__name__}")
