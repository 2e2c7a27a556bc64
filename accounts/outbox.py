"""Mails about accounts. They wait in the job queue, in the transaction that wants them, so that no mail server is waited for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from procrastinate.contrib.django import app


def is_set_up() -> bool:
    """Whether a mail server is configured. Without one, links are shown once, to be shared."""
    return bool(settings.EMAIL_HOST)


def queue(task: str, **arguments: Any) -> None:
    """Queue a task by name: verbs do not import the tasks, which use verbs themselves."""
    app.configure_task(task).defer(**arguments)
