"""The second workspace of the demo: a small design studio with a few short conversations."""

from __future__ import annotations

from datetime import timedelta

from rest_framework import serializers

from conversations import actions
from conversations.demo import cast
from conversations.demo.documents import Fields, table
from conversations.demo.month import at_work
from conversations.demo.play import DOORS, Desk
from conversations.models import Channel


class _Conversation(Fields):
    subject = serializers.CharField()
    question = serializers.CharField()
    answer = serializers.CharField(default="")


class _Studio(Fields):
    conversations = _Conversation(many=True)


def play_studio(desk: Desk) -> None:
    """Write the studio's conversations, each from another of Northwind's customers. Raises Invalid."""
    written = table("studio.toml", _Studio)["conversations"]
    for number, (customer, fields) in enumerate(zip(cast.customers(), written, strict=False)):
        at = at_work(desk.now - timedelta(days=8 - number, hours=3))
        conversation = actions.start(
            workspace=desk.workspace,
            contact=desk.contact(customer, Channel.EMAIL, at),
            subject=fields["subject"],
            door=DOORS[Channel.EMAIL],
            body=fields["question"],
            by=desk.system,
            at=at,
        )
        if fields["answer"]:
            by = desk.actors[cast.INES.email]
            later = min(at + timedelta(minutes=70), desk.now)
            actions.assign(conversation=conversation, to=desk.users[cast.INES.email], by=by, at=later)
            actions.reply(conversation=conversation, body=fields["answer"], by=by, at=later)
