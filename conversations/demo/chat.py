"""The demo's live chat: the widget of Northwind's shop, and two visitors who write with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import Team, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.chat import actions as chat
from conversations.chat import sessions
from conversations.chat.proofs import Identity
from conversations.models import Conversation, Widget

WIDGET = "Northwind shop"
CUSTOMER = Identity(
    is_signed=True, is_whole_signed=True, external_id="shop_1042", email="hanna@visserhof.example", name="Hanna Visser"
)
"""Who is signed in to the shop."""
_SENSOR = "Does the Pro come with the wind sensor, or is that a part of its own? I would like to put it on a boat shed."
_INCLUDED = (
    "It is in the box, with a mast clamp for 30 to 50 mm. For a boat shed I would take the Marine all the same: "
    "its bearings do not mind the salt."
)


def open_widget(workspace: Workspace, team: Team, agent: Actor, *, by: Actor, at: datetime) -> None:
    """Add the widget; one customer of the shop was answered, and a visitor waits for the first reply."""
    widget = chat.create_widget(
        workspace=workspace,
        name=WIDGET,
        title="Northwind",
        greeting="Hi there! What can we do for your weather station?",
        standard={"name": "optional", "email": "optional"},
        color="#1d4ed8",
        team=team,
        woes_key=True,
        by=by,
        at=at,
    )
    answered = _begin(widget, CUSTOMER, _SENSOR, "marine", at=at - timedelta(seconds=8))
    actions.reply(conversation=answered, body=_INCLUDED, by=agent, at=at - timedelta(seconds=6))
    visitor = Identity(is_signed=False, name="Luca Ferri")
    _begin(widget, visitor, "Do you ship to Malta?", "mini", at=at - timedelta(seconds=4))


def _begin(widget: Widget, identity: Identity, body: str, product: str, *, at: datetime) -> Conversation:
    page = f"https://shop.northwind.example/stations/{product}"
    visitor = sessions.visitor(widget)
    enter = chat.identify_visitor if identity.is_signed else chat.start_session
    session = enter(widget=widget, identity=identity, language="en", page=page, by=visitor, at=at).session
    by = sessions.visitor(widget, session.contact)
    return chat.start_conversation(session=session, body=body, page=page, by=by, at=at).conversation
