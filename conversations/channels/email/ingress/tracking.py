"""What providers report about mails that were sent, as django-anymail normalises it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from conversations.channels.email.ingress.brought import Event

logger = logging.getLogger(__name__)

_FAILED = frozenset({"bounced", "rejected", "failed"})
_UNWANTED = frozenset({"bounced", "invalid", "spam", "unsubscribed"})
MOST = 100
"""Recipients of one report."""


def read(
    view: type[Any],
    given: dict[str, Any],
    *others: Any,
    is_soft: bool = False,
    status: str = "",
    diagnostic: str = "",
    message_ids: Sequence[str] = (),
    envelope: Sequence[str] = (),
) -> list[Event]:
    """What a report says, by anymail's view of the provider; nothing where it cannot be read. `is_soft`: the address may exist."""
    reader: Any = object.__new__(view)  # what reads a report needs none of the settings that a view looks for
    try:
        if hasattr(view, "esp_to_anymail_events"):
            found = list(reader.esp_to_anymail_events(given, *others))
        else:
            found = [reader.esp_to_anymail_event(given, *others)]
    except Exception as error:  # whatever a report holds that its provider does not document
        logger.warning("provider_report_unreadable provider=%s error=%s", view.esp_name, type(error).__name__)
        return []
    return [
        Event(
            recipient=str(one.recipient or "").strip().strip("<>").lower(),
            is_failed=one.event_type in _FAILED,
            is_unwanted=_is_unwanted(one, is_soft),
            status=status,
            diagnostic=diagnostic or str(one.mta_response or one.description or ""),
            message_ids=[*message_ids, str(one.message_id or "")],
            envelope=envelope,
        )
        for one in found[:MOST]
    ]


def _is_unwanted(event: Any, is_soft: bool) -> bool:
    if event.event_type == "complained":
        return True
    if event.event_type not in _FAILED or is_soft:
        return False
    return event.event_type == "bounced" or event.reject_reason in _UNWANTED
