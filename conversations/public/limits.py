"""How often an address may look at the customers' pages and send something, and how much a form or a conversation takes in all."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.web.addresses import address_of
from conversations.api.limits import Buckets

LOOKS = Buckets(240)
"""Requests of one address."""
SENDS = Buckets(20, at_once=10)
"""What one address sends."""
FORM = Buckets(240, at_once=120)
"""What all send with one form, or in one conversation."""


def look(request: HttpRequest) -> None:
    """Count a request. Raises RateLimited."""
    LOOKS.take(hash(("look", address_of(request))))


def send(request: HttpRequest, where: str) -> None:
    """Count something that is sent. Raises RateLimited."""
    SENDS.take(hash(("send", address_of(request))))
    FORM.take(hash(("form", where)))
