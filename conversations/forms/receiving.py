"""Starting the conversation of what was sent with a form."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from accounts import transaction
from accounts.permissions import Actor, ActorKind
from conversations import actions
from conversations.actions import routing
from conversations.actions.entries import Door
from conversations.actions.wishes import CallWish
from conversations.forms import fields, languages
from conversations.forms.answers import Answers
from conversations.models import Conversation, Form, Handler
from conversations.texts import validation

LONGEST_PAGE = 500


@transaction.atomic
def receive(
    *,
    form: Form,
    answers: Answers,
    public_id: uuid.UUID,
    page: str = "",
    is_spam: bool = False,
    subject: str,
    metadata: dict[str, Any],
    wish: CallWish | None = None,
    at: datetime,
) -> Conversation:
    """Start a conversation with a new contact, whom nobody has verified: what a stranger types joins no other's.

    `page` is the address of the page on which the form was. Raises Conflict for the id of an earlier one.
    """
    visitor = Actor(kind=ActorKind.CONTACT, workspace_id=form.workspace_id, name=answers["name"])
    contact = actions.identify(
        workspace=form.workspace,
        email=answers["email"] or None,
        name=answers["name"] or None,
        identity_source="form",
        is_trusted=False,
        by=visitor,
        at=at,
    )
    by = Actor(kind=ActorKind.CONTACT, workspace_id=form.workspace_id, id=contact.pk, name=contact.name)
    conversation = actions.start(
        workspace=form.workspace,
        contact=contact,
        subject=answers["subject"] or subject,
        body=_body(form, answers),
        uploads=answers.files,
        door=Door(form.channel, form.key),
        metadata={"form": form.name, **_page(page), **metadata, **_own(form, answers), **_consent(form, answers, at)},
        handler=Handler.NOBODY if is_spam else Handler.PEOPLE,
        public_id=public_id,
        wish=wish,
        by=by,
        at=at,
    )
    return routing.route(conversation, to=form.assignee, team=form.team, at=at)


def first_line(answers: Answers, otherwise: str) -> str:
    """The beginning of the message, for a form without a subject."""
    line = validation.preview(answers["message"])
    return (line if len(line) <= 100 else f"{line[:99].rstrip()}…") or otherwise


def _body(form: Form, answers: Answers) -> str:
    """The message with the answers to the form's own questions, so that everyone who reads the thread has them."""
    own = [f"{title}: {value}" for title, value in _answered(form, answers)]
    return "\n\n".join(part for part in (answers["message"], "\n".join(own)) if part) or (
        languages.words(form.language)["callback_body"] if form.kind == "callback" else answers["subject"] or "–"
    )


def _answered(form: Form, answers: Answers) -> list[tuple[str, str]]:
    found = [(one, answers[one.name]) for one in fields.fields(form) if one.is_own]
    return [(one.title, "✓" if one.kind == "checkbox" else value) for one, value in found if value]


def _own(form: Form, answers: Answers) -> dict[str, Any]:
    found = dict(_answered(form, answers))
    return {"answers": found} if found else {}


def _page(page: str) -> dict[str, str]:
    is_address = page.startswith(("https://", "http://")) and validation.can_be_kept(page)
    return {"page": page[:LONGEST_PAGE]} if is_address else {}


def _consent(form: Form, answers: Answers, at: datetime) -> dict[str, Any]:
    return {"consent": {"text": form.consent, "at": at.isoformat()}} if form.consent and answers["consent"] else {}
