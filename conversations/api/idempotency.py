"""Idempotency-Key: repeating a POST or PATCH replays the first answer, whatever the format.

The record is inserted first, in the request's own transaction. A concurrent repeat waits on that row until the first
request has committed, and then finds its answer; so two identical requests at once make one change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.encoding import iri_to_uri
from rest_framework.exceptions import ValidationError

from accounts.credentials.authentication import Grant
from accounts.models import IdempotentRequest
from conversations.api.headers import Headers
from conversations.api.problems import IdempotencyMismatch

KEPT_FOR = timedelta(hours=24)
METHODS = frozenset({"POST", "PATCH", "PUT"})
LONGEST_KEY = 255
LONGEST_IDENTITY = 300
_KEPT_HEADERS = ("Content-Type", "Location")


class Replay(Exception):
    """The request was answered before: `response` is that answer."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class Followed:
    """An earlier live answer to the request: the id of what it followed, and its status."""

    id: int
    status: int


@dataclass(frozen=True, slots=True)
class Record:
    """The row for the answer of this request, or of the earlier live answer to it."""

    pk: int
    followed: Followed | None = None


def begin(
    request: HttpRequest,
    grant: Grant | None,
    *,
    workspace_id: int,
    user_id: int | None,
    identity: str,
    secrets: Collection[str] = (),
    at: datetime,
) -> Record | None:
    """Claim the request's key, inside the open transaction; None for a request without one. For a repeated request with a live
    answer, the record says what that followed.

    Raises Replay with the first answer, without its `secrets` for a caller without a proven identity, IdempotencyMismatch
    when the key was used with another request, and ValidationError for a key over 255 characters.
    """
    key = request.headers.get("Idempotency-Key")
    if request.method not in METHODS or not key:
        return None
    if len(key) > LONGEST_KEY:
        raise ValidationError({"Idempotency-Key": f"has at most {LONGEST_KEY} characters"})
    digest = hashlib.sha256(request.META.get("QUERY_STRING", "").encode() + b"\0" + request.body).hexdigest()
    unique = {
        "workspace_id": workspace_id,
        "api_key_id": grant.key.pk if grant else None,
        "user_id": user_id,
        "identity": identity if len(identity) <= LONGEST_IDENTITY else hashlib.sha256(identity.encode()).hexdigest(),
        "method": request.method,
        # As it was sent: decoded, it may hold a NUL, which PostgreSQL does not keep.
        "path": iri_to_uri(request.path)[:1000],
        "key": key,
    }
    with connection.cursor() as cursor:
        # A day-old record is taken over as if it were not there.
        cursor.execute(
            "INSERT INTO accounts_idempotentrequest AS kept (workspace_id, api_key_id, user_id, identity, method, path, key, "
            "body_hash, headers, body, created_at) VALUES (%(workspace_id)s, %(api_key_id)s, %(user_id)s, %(identity)s, "
            "%(method)s, %(path)s, %(key)s, %(digest)s, '{}', '', %(at)s) "
            "ON CONFLICT (workspace_id, api_key_id, user_id, identity, method, path, key) DO UPDATE SET "
            "body_hash = EXCLUDED.body_hash, status = NULL, follows = NULL, created_at = EXCLUDED.created_at "
            "WHERE kept.created_at < %(stale)s RETURNING id",
            {**unique, "digest": digest, "at": at, "stale": at - KEPT_FOR},
        )
        if (row := cursor.fetchone()) is not None:
            return Record(pk=int(row[0]))
    first = IdempotentRequest.all_workspaces.filter(**unique).first()  # the workspace is one of the values
    if first is None:  # a day old by now, and deleted in between
        return begin(
            request,
            grant,
            workspace_id=workspace_id,
            user_id=user_id,
            identity=identity,
            secrets=secrets,
            at=at,
        )
    if first.body_hash != digest:
        raise IdempotencyMismatch
    if first.follows is not None:
        return Record(pk=first.pk, followed=Followed(first.follows, first.status or 200))
    body = bytes(first.body)
    if secrets and not identity:
        body = _without(body, secrets)
    response = HttpResponse(body, status=first.status, headers=first.headers)
    response["Idempotent-Replayed"] = "true"
    raise Replay(response)


def _without(body: bytes, names: Collection[str]) -> bytes:
    answer = orjson.loads(body)
    if not isinstance(answer, dict):
        return body
    return orjson.dumps({name: value for name, value in answer.items() if name not in names})


def keep(record: Record, response: HttpResponseBase, own: Headers) -> None:
    """Store the answer, in the request's transaction. Server errors are not stored."""
    headers = {name: response[name] for name in (*_KEPT_HEADERS, *own.replayed) if name in response}
    IdempotentRequest.all_workspaces.filter(pk=record.pk).update(  # claimed by this request
        status=response.status_code,
        headers=headers,
        body=bytes(getattr(response, "content", b"")),
        follows=getattr(response, "follows", None),
    )


def drop(record: Record) -> None:
    """Release the key: a repeated request is a new one."""
    IdempotentRequest.all_workspaces.filter(pk=record.pk).delete()  # claimed by this request


def forget(at: datetime) -> int:
    """Delete what is older than a day, in all workspaces; returns how many records went."""
    deleted, _ = IdempotentRequest.all_workspaces.filter(created_at__lt=at - KEPT_FOR).delete()  # one job for all
    return deleted
