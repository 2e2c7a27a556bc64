"""A reply in a conversation by SMS reaches the gateway as a text message to the customer's number."""

import scene
from django.conf import settings
from django.core import mail

from conversations import actions, channels
from conversations.channels import outbox
from conversations.models import Delivery

settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

with scene.workspace() as workspace:
    row = scene.conversation(workspace, "sms")
    message = actions.reply(conversation=row, body="On its way.", **scene.act(workspace))
    outbox.deliver_due()
    (sent,) = mail.outbox
    assert (sent.to, sent.body) == (["jane@sms.example.com"], "On its way."), (sent.to, sent.body)
    assert Delivery.objects.get(message=message).state == "sent"
    assert channels.named("sms").label == "SMS"
