"""The mails of a test: those that wait in the queue are sent, as a worker would, and read."""

from __future__ import annotations

import re

from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob


def send_queued() -> list[EmailMessage]:
    """Run the mail jobs that wait; returns what was sent by them."""
    before = len(mail.outbox)
    for job in ProcrastinateJob.objects.filter(task_name__startswith="mail_").order_by("id"):
        app.tasks[job.task_name](**job.args)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job.id])
    return mail.outbox[before:]


def link_in(message: EmailMessage) -> str:
    """The one link of a mail."""
    (link,) = re.findall(r"https?://\S+", str(message.body))
    return str(link)


def path_of(link: str) -> str:
    """Where a link of this desk leads."""
    return "/" + link.split("/", 3)[3]
