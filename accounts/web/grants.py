"""The grant of a request's API key, looked up once even when the web front asks before the body has arrived."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from accounts.credentials import keys
from accounts.credentials.authentication import Grant, authenticate
from accounts.models import KeyKind
from accounts.web import bodies


def of_request(request: HttpRequest, secret: str, at: datetime) -> Grant:
    """The grant of a request's key, from the request where it was looked up before. Raises BadKey or ExpiredKey."""
    cached = request.META.get(bodies.GRANT)
    if isinstance(cached, Grant) and keys.matches(secret, cached.key.secret_hash):
        return cached
    grant = authenticate(secret, at)
    request.META[bodies.GRANT] = grant
    if grant.key.kind == KeyKind.SERVER:  # A client key is public, in a page's source: it proves nothing.
        request.META[bodies.KNOWN] = True
    return grant
