"""An agent is notified once when the customer of their conversation writes again; nobody is where it is unassigned."""

import scene
from django.conf import settings
from django.core import mail

from accounts import mailing
from conversations import actions

settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
mail.outbox = []


def sent_to() -> list[str]:
    scene.drain()
    mailing.send_due()
    return [to for one in mail.outbox for to in one.to if "The customer of #1 has written" in one.subject]


with scene.workspace() as workspace:
    ben = scene.member(workspace, "ben").user
    row = scene.conversation(workspace, "api")
    actions.receive(conversation=row, body="Hello?", **scene.act(workspace))
    assert sent_to() == []
    actions.assign(conversation=row, to=ben, **scene.act(workspace))
    actions.receive(conversation=row, body="Hello??", **scene.act(workspace))
    assert sent_to() == ["ben@copied.example"]
