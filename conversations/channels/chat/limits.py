"""How often a visitor may read and write, and what a widget takes in all, in each web process."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.web.addresses import address_of
from conversations.api.limits import Buckets
from conversations.models import ChatSession, Widget

READS = Buckets(300, at_once=150)
"""Requests of one session, or of one address without a session."""
WRITES = Buckets(30, at_once=30)
"""What one session sends, or one address without a session."""
IDENTITIES = Buckets(120, at_once=60)
"""Visitors who are identified: a website does so on every page, and an office may have one address."""
SIGNALS = Buckets(60, at_once=30)
"""What is marked as seen, and signals of somebody who is writing."""
WIDGET = Buckets(60, at_once=3600)
"""What all visitors of a widget send: 3,600 in an hour."""
PAGES = Buckets(240)
"""Scripts and frames that one address fetches."""
TRANSCRIPTS = Buckets(1, at_once=3)
"""Transcripts that one session asks for."""


def page(request: HttpRequest) -> None:
    """Count a page. Raises RateLimited, as all of these."""
    PAGES.take(hash(("page", address_of(request))))


def read(request: HttpRequest, session: ChatSession | None) -> None:
    READS.take(_caller(request, session))


def signal(request: HttpRequest, session: ChatSession | None) -> None:
    SIGNALS.take(_caller(request, session))


def write(request: HttpRequest, widget: Widget, session: ChatSession | None) -> None:
    WRITES.take(_caller(request, session))
    WIDGET.take(widget.pk)


def identify(request: HttpRequest, widget: Widget, session: ChatSession | None) -> None:
    IDENTITIES.take(_caller(request, session))
    WIDGET.take(widget.pk)


def transcript(session: ChatSession) -> None:
    TRANSCRIPTS.take(session.pk)


def _caller(request: HttpRequest, session: ChatSession | None) -> int:
    return hash(("session", session.pk) if session is not None else ("address", address_of(request)))
