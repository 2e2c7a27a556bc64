"""Getting replies to customers: the worker's outbox is rung when a reply was sent that a channel takes."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q

from accounts import clock, tenancy
from accounts.journal import batched, concerns
from accounts.models import Event
from accounts.permissions import Actor
from conversations import actions
from conversations.actions import outgoing
from conversations.models import Channel, Conversation, Delivery, DeliveryState
from conversations.queries import thread as thread_queries


def _is_delivered() -> Q:
    # The dispatcher asks for all workspaces at once.
    workspace, conversation = OuterRef("event__workspace"), OuterRef("event__subject_id")
    on_its_way = Delivery.all_workspaces.filter(state=DeliveryState.SENDING)
    mailed = Conversation.all_workspaces.filter(workspace=workspace, pk=conversation, channel=Channel.EMAIL)  # as above
    return Q(Exists(on_its_way.filter(workspace=workspace, conversation=conversation))) | Q(Exists(mailed))


@concerns(_is_delivered)
@batched
def deliver_reply(events: Sequence[Event]) -> None:
    """Ring the outbox. A reply by mail that an earlier version wrote is put into it first."""
    by = Actor.system(tenancy.current().pk)
    for message in thread_queries.undelivered(events):
        actions.deliver(message=message, by=by, at=clock.now())
    outgoing.BELL.ring()
