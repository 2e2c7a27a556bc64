"""Jobs of this format: feedback goes to the operator by mail."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from procrastinate.contrib.django import app


@app.task(name="mail_feedback", retry=5)
def mail_feedback(*, subject: str, body: str, reply_to: str, **future: Any) -> None:
    """Send feedback to the operator (settings.FEEDBACK_RECIPIENTS), if anyone is set to receive it."""
    if settings.FEEDBACK_RECIPIENTS:
        EmailMessage(subject=subject, body=body, to=settings.FEEDBACK_RECIPIENTS, reply_to=[reply_to]).send()
