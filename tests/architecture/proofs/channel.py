"""A reply in a conversation by SMS reaches the gateway as a text message to the customer's number."""

import scene
from conversations.channels.sms import tasks
from django.conf import settings
from django.core import mail
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations import actions, channels

settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

with scene.workspace() as workspace:
    row = scene.conversation(workspace, "sms")
    actions.reply(conversation=row, body="On its way.", **scene.act(workspace))
    scene.drain()
    job = ProcrastinateJob.objects.get(task_name="send_sms", args__workspace_id=workspace.pk)
    tasks.send_sms(**job.args)
    (sent,) = mail.outbox
    assert (sent.to, sent.body) == (["jane@sms.example.com"], "On its way."), (sent.to, sent.body)
    assert channels.named("sms").label == "SMS"
