"""Door 2: an API key becomes an actor and a workspace. Each wire format says where the key is sent."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Q

from accounts.credentials import keys, remembered
from accounts.models import ApiKey, Workspace
from accounts.permissions import Actor

logger = logging.getLogger(__name__)

_TOUCH = timedelta(minutes=1)


class BadKey(Exception):
    """The key is missing, malformed, unknown or revoked."""


class ExpiredKey(BadKey):
    """The key is known and past its end."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a valid key gives: the key, its workspace, and the actor that its holder is."""

    key: ApiKey
    workspace: Workspace
    actor: Actor


def authenticate(secret: str, at: datetime) -> Grant:
    """The grant of a key: remembered for a second, else in one query (none for a malformed key).

    A revoked key is refused within that second everywhere. Raises BadKey or ExpiredKey.
    """
    prefix = keys.prefix_of(secret)
    if prefix is None:
        raise BadKey("no such key")
    grant = remembered.get(prefix) or _looked_up(prefix)
    key = grant.key
    if not keys.matches(secret, key.secret_hash) or key.revoked_at is not None:
        raise BadKey("no such key")
    if key.is_expired(at):
        raise ExpiredKey("the key is past its end")
    if key.last_used_at is None or at - key.last_used_at > _TOUCH:
        _touch(key, at)
    return grant


def _looked_up(prefix: str) -> Grant:
    asked = time.monotonic()
    # The key names the workspace: no scope can be open yet.
    key = ApiKey.all_workspaces.select_related("workspace").filter(prefix=prefix).first()
    if key is None:
        raise BadKey("no such key")
    grant = Grant(key=key, workspace=key.workspace, actor=Actor.key(key))
    remembered.put(prefix, grant, asked)
    return grant


def _touch(key: ApiKey, at: datetime) -> None:
    """Note that the key is used. Where nothing can be written, as on a full disk, reading goes on."""
    key.last_used_at = at  # Another call of this process need not note it as well.
    stale = Q(last_used_at=None) | Q(last_used_at__lt=at - _TOUCH)
    try:
        ApiKey.all_workspaces.filter(stale, pk=key.pk).update(last_used_at=at)
    except DatabaseError as error:
        logger.warning("key_not_touched key=%s error=%s", key.pk, type(error).__name__)
