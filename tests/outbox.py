"""The outbox in tests: conversations by mail, scheduled replies, and the worker's two loops."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts import clock
from accounts.models import Workspace
from conversations import actions
from conversations.actions.entries import Door
from conversations.channels import outbox
from conversations.models import Channel, Conversation, Delivery, Message
from tests.conftest import Member
from tests.factories import ConversationFactory


def by_mail(workspace: Workspace, **values: Any) -> Conversation:
    """A conversation that came by mail."""
    return ConversationFactory(workspace=workspace, door=Door(Channel.EMAIL, "email"), **values)


def last(conversation: Conversation) -> int:
    """The last message of the thread as it is now."""
    return Conversation.objects.get(pk=conversation.pk).last_message_id or 0


def scheduled(conversation: Conversation, by: Member, body: str = "On its way.", **values: Any) -> Delivery:
    """A reply that its writer may still take back."""
    at: datetime = values.pop("at", clock.now())
    values.setdefault("send_after", at + timedelta(seconds=10))
    values.setdefault("expected_last", last(conversation))
    return actions.schedule(conversation=conversation, body=body, by=by.actor, at=at, **values)


def make_due() -> None:
    """The moments, the pauses and the leases are over."""
    Delivery.all_workspaces.update(due_at=timezone.now() - timedelta(hours=1))


def leave() -> None:
    """All that is scheduled is due, and leaves."""
    make_due()
    outbox.leave_due()


def now(row: Any) -> Any:
    """The row as it is in the database."""
    return type(row).objects.get(pk=row.pk)


def message_of(delivery: Delivery) -> Message:
    """The message that a reply has become."""
    return Message.objects.get(public_id=delivery.public_id)
