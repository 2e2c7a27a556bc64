"""The demo's mailbox: a folder in which mails are dropped, for there is no mail server."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from accounts.models import Team, Workspace
from accounts.permissions import Actor
from conversations.channels.email import actions, dropping
from conversations.models import Delivery, DeliveryState, DeliveryStatus, Inbound, Mailbox, Message

ADDRESS = "support@northwind.example"


def open_mailbox(workspace: Workspace, team: Team, *, by: Actor, at: datetime) -> Mailbox:
    """Add the mailbox, with the folder beside it."""
    mailbox = actions.create_mailbox(
        workspace=workspace, address=ADDRESS, name="Northwind Support", inbound=Inbound.DOOR, team=team, by=by, at=at
    )
    actions.update_mailbox(mailbox=mailbox, signature="Northwind weather stations · Utrecht", by=by, at=at)
    dropping.folder(ADDRESS).mkdir(parents=True, exist_ok=True)
    return mailbox


def call_all_sent(workspaces: list[Workspace]) -> None:
    """The replies of the month before arrived: none of them is to be mailed now."""
    on_their_way = Delivery.all_workspaces.filter(
        workspace__in=workspaces, state=DeliveryState.SENDING
    )  # the demo's own
    on_their_way.update(state=DeliveryState.SENT, settled_at=F("created_at"))
    sent = Message.all_workspaces.filter(workspace__in=workspaces, delivery_status=DeliveryStatus.SENDING)
    sent.update(delivery_status=DeliveryStatus.DELIVERED)
