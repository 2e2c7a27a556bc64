"""The verbs of forms: making, changing and deleting them. What customers send with them goes through their channels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from accounts import changes, journal, transaction
from accounts.errors import Invalid
from accounts.models import Workspace
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import checking
from conversations.forms import fields, languages
from conversations.models import Form, FormKind
from conversations.texts import phones, validation

LONGEST = {"name": 100, "title": 200, "intro": 5_000, "thanks": 5_000, "consent": 2_000, "consent_url": 2_000}


@transaction.atomic
def create_form(*, workspace: Workspace, kind: str, name: str, by: Actor, at: datetime, **values: Any) -> Form:
    """Create a form with the usual fields of its kind; `values` as for `update_form`. Raises Invalid with the field at fault."""
    permit(by, "form.write")
    if kind not in FormKind.values:
        raise Invalid(f"kind must be {' or '.join(FormKind.values)}", field="kind")
    form = Form(workspace=workspace, kind=kind, created_at=at, updated_at=at)
    given = _checked(form, {"standard": fields.DEFAULTS[kind], **values, "name": name})
    changes.change(form, given, unset=changes.UNSET)
    _check_whole(form)
    form.save(force_insert=True)
    journal.record(events.FORM_CREATED, form, by=by, at=at, kind=kind)
    return form


@transaction.atomic
def update_form(*, form: Form, by: Actor, at: datetime, **values: Any) -> Form:
    """Change a form: name, language, title, intro, thanks, standard, questions, consent, consent_url, country, allowed_origins,
    team, assignee and is_active; those that are not given stay. Raises Invalid with the field at fault.
    """
    permit(by, "form.write", form)
    form = transaction.held(form)
    changed = changes.change(form, _checked(form, values), unset=changes.UNSET)
    if not changed:
        return form
    _check_whole(form)
    form.updated_at = at
    form.save(update_fields=[*changed, "updated_at"])
    journal.record(events.FORM_UPDATED, form, by=by, at=at, fields=changed)
    return form


@transaction.atomic
def delete_form(*, form: Form, by: Actor, at: datetime) -> None:
    """Delete a form for good. The conversations that it started stay, with the links of their customers."""
    permit(by, "form.write", form)
    form = transaction.held(form)
    journal.record(events.FORM_DELETED, form, by=by, at=at)
    form.delete()


def _checked(form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _CHECKS[name](form, value) for name, value in values.items()}


def _line(name: str, *, blank: bool = True) -> Any:
    return lambda form, value: checking.line(value, name, LONGEST[name], blank=blank)


def _text(name: str) -> Any:
    return lambda form, value: checking.text(value, name, LONGEST[name])


def _language(form: Form, value: str) -> str:
    if value not in languages.names():
        raise Invalid("this language is not known", field="language")
    return value


def _country(form: Form, value: str) -> str:
    value = value.strip().upper()
    if value and (not re.fullmatch("[A-Z]{2}", value) or value not in phones.countries()):
        raise Invalid("this is not a country, such as GB", field="country")
    return value


def _address(form: Form, value: str) -> str:
    value = validation.check(value.strip(), "consent_url", longest=LONGEST["consent_url"], blank=True)
    try:
        if value:
            URLValidator(schemes=["https", "http"])(value)
    except ValidationError as error:
        raise Invalid("this is not a web address", field="consent_url") from error
    return value


_CHECKS: Mapping[str, Any] = {
    "name": _line("name", blank=False),
    "title": _line("title"),
    "intro": _text("intro"),
    "thanks": _text("thanks"),
    "consent": _text("consent"),
    "consent_url": _address,
    "language": _language,
    "country": _country,
    "standard": lambda form, value: fields.clean_standard(form.kind, value),
    "questions": lambda form, value: fields.clean_questions(value),
    "allowed_origins": lambda form, value: checking.origins(value),
    "team": lambda form, value: checking.team(form.workspace_id, value),
    "assignee": lambda form, value: checking.assignee(form.workspace_id, value),
    "is_active": lambda form, value: bool(value),
}


def _check_whole(form: Form) -> None:
    has_text = {"message", "subject"} & form.standard.keys() or form.questions
    if form.kind == FormKind.CONTACT and not has_text:
        raise Invalid("a contact form asks for a message, a subject or something of its own", field="standard")
