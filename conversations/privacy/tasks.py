"""The job that erases: step by step, each in a transaction of its own, so that one that was killed goes on where it was."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from django.db import OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts import clock, tenancy
from accounts.errors import Conflict
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.models import Contact, Conversation, Erasure, ErasureState
from conversations.privacy import actions, contents

logger = logging.getLogger(__name__)

_RETRY = RetryStrategy(max_attempts=8, exponential_wait=4, retry_exceptions=[OperationalError, OSError])


@app.task(name=actions.JOB, retry=_RETRY)
def erase_contact(*, workspace_id: int, erasure_id: int) -> None:
    """Carry out an erasure. Run twice, the second one finds nothing left."""
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        erasure = Erasure.objects.filter(pk=erasure_id).first()
        if erasure is not None:
            carry_out(erasure)


@app.periodic(cron="*/5 * * * *")
@app.task(name="resume_erasures", queueing_lock="resume_erasures", pass_context=False)
def resume_erasures(timestamp: int) -> None:
    """Go on with what a killed worker or a failure left, in all workspaces."""
    rows = Erasure.all_workspaces.exclude(state=ErasureState.DONE).select_related("workspace")  # one job for all
    for erasure in rows.order_by("pk")[:100]:
        with tenancy.scope_apart(erasure.workspace, "erasure_failed erasure=%s", erasure.pk):
            carry_out(erasure)


def carry_out(erasure: Erasure) -> Erasure:
    """All steps that are left."""
    by = Actor.system(erasure.workspace_id)
    erasure = actions.erase_details(erasure=erasure, by=by, at=clock.now())
    while erasure.state != ErasureState.DONE:
        for conversation in _left(erasure):
            erasure = actions.erase_conversation(erasure=erasure, conversation=conversation, by=by, at=clock.now())
        try:
            erasure = actions.finish_erasure(erasure=erasure, by=by, at=clock.now())
        except Conflict:  # one was begun meanwhile
            continue
    logger.info("contact_erased erasure=%s", erasure.pk)
    return erasure


def _left(erasure: Erasure) -> Iterator[Conversation]:
    """The conversations that are left, in the order of their ids."""
    contact, reached = Contact.objects.get(pk=erasure.contact_id), erasure.reached
    while (row := contents.conversations_of(contact).filter(pk__gt=reached).order_by("pk").first()) is not None:
        yield row
        reached = row.pk
