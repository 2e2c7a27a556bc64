"""A conversation on Discord: what its details say of the thread and the customer, and what agents can ask for there."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts import clock
from accounts.errors import Conflict, Invalid
from conversations.channels.discord import actions, finding
from conversations.models import Conversation
from conversations.queries import mailboxes
from conversations.screens.inbox import forms
from conversations.screens.inbox.changes import changes
from conversations.screens.shell import DeskRequest


@changes(forms.NothingForm)
def ask_to_identify(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    member = finding.member_of(conversation)
    if member is None:
        raise Invalid("this customer is not known on Discord")
    if not mailboxes.can_send():
        raise Conflict("identities are confirmed by mail, which this workspace cannot send", code="no_mail")
    thread = finding.thread_of(conversation)
    if actions.request_link(member=member, thread=thread, by=request.actor, at=clock.now()) is None:
        raise Conflict("a link was sent less than a minute ago")
    return _("A link is sent to the customer privately.")


@changes(forms.NothingForm)
def continue_privately(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.request_private(conversation=conversation, by=request.actor, at=clock.now())
    return _("A private thread is being opened. A note here says which conversation it is.")
