"""The keys by which a mailbox's webhook knows its provider, and by which it fetches from there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from accounts import journal, sealed, transaction
from accounts.errors import Invalid
from accounts.permissions import Actor, permit
from conversations import events
from conversations.channels.email import webhook_keys
from conversations.channels.email.actions import checking
from conversations.models import Inbound, Mailbox

LONGEST = 2000


@transaction.atomic
def set_provider_keys(*, mailbox: Mailbox, keys: Mapping[str, str], by: Actor, at: datetime) -> Mailbox:
    """Set keys by their names (`webhook_keys.KEYS`); an empty one is forgotten, and those not given stay. Raises Invalid."""
    permit(by, "mailbox.manage", mailbox)
    mailbox = checking.held(mailbox)
    if mailbox.inbound != Inbound.INGRESS:
        raise Invalid("this mailbox has no webhook", field="inbound")
    wanted = {name: _checked(name, value) for name, value in keys.items()}
    try:
        before = mailbox.secrets
    except sealed.Unreadable:  # they are entered again
        before = {}
    after = {name: value for name, value in {**before, **wanted}.items() if value}
    if after == before:
        return mailbox
    mailbox.secrets, mailbox.updated_at = after, at
    mailbox.save(update_fields=["sealed", "updated_at"])
    changed = sorted(name for name in wanted if after.get(name) != before.get(name))
    journal.record(events.MAILBOX_LOGIN_CHANGED, mailbox, by=by, at=at, fields=changed)
    return mailbox


def _checked(name: str, value: str) -> str:
    value = value.strip()
    if name not in webhook_keys.KEYS:
        raise Invalid(f"there is no key of this name (there are: {', '.join(webhook_keys.KEYS)})", field="name")
    if len(value) > LONGEST or not value.isprintable():
        value = "\n".join(line.strip() for line in value.splitlines())  # a key with the lines around it
    if len(value) > LONGEST or not value.replace("\n", "").isprintable():
        raise Invalid("this is not a key", field=name)
    if name == webhook_keys.PASSWORD and value and ":" not in value:
        raise Invalid("this is written as user:password", field=name)
    if not webhook_keys.is_usable(name, value):
        raise Invalid(f"this is not {webhook_keys.KEYS[name]}", field=name)
    return value
