"""An agent is notified once when the customer of their conversation writes again; nobody is where it is unassigned."""

import scene
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations import actions

with scene.workspace() as workspace:
    ben = scene.member(workspace, "ben").user
    row = scene.conversation(workspace, "api")
    actions.receive(conversation=row, body="Hello?", **scene.act(workspace))
    scene.drain()
    jobs = ProcrastinateJob.objects.filter(task_name="mail_customer_reply", args__workspace_id=workspace.pk)
    assert not jobs.exists()
    actions.assign(conversation=row, to=ben, **scene.act(workspace))
    actions.receive(conversation=row, body="Hello??", **scene.act(workspace))
    scene.drain()
    assert jobs.get().args["user_id"] == ben.pk
