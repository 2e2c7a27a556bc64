"""What a form asks: the usual fields that it has, and its own questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.errors import Invalid
from conversations.forms import languages
from conversations.models import Form, FormKind
from conversations.texts import validation

STANDARD = ("name", "email", "phone", "subject", "message", "files")
"""In the order of the page; a callback form asks for its time after the phone number."""
WHEN = ("day", "from", "to", "zone")
LONGEST = {"name": 200, "email": 254, "phone": 40, "subject": 200, "message": 10_000, "text": 500, "longtext": 10_000}
MOST_QUESTIONS = 20
MOST_CHOICES = 50
KINDS = {"text": _("Short text"), "longtext": _("Long text"), "choice": _("Choice"), "checkbox": _("Checkbox")}
DEFAULTS: Mapping[str, Mapping[str, str]] = {
    FormKind.CONTACT: {"name": "optional", "email": "required", "message": "required", "files": "optional"},
    FormKind.CALLBACK: {"name": "required", "phone": "required", "email": "optional", "message": "optional"},
}
_AUTOCOMPLETE = {"name": "name", "email": "email", "phone": "tel"}
_INPUTS = {"name": "text", "email": "email", "phone": "tel", "subject": "text", "message": "longtext", "files": "files"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the page. `kind` is text, email, tel, longtext, files, choice or checkbox."""

    name: str
    kind: str
    title: str
    is_required: bool
    is_own: bool = False
    choices: tuple[str, ...] = ()

    @property
    def longest(self) -> int | None:
        """Characters that it takes."""
        return LONGEST.get(self.name) or LONGEST.get(self.kind)

    @property
    def autocomplete(self) -> str:
        """What the browser may fill in (WCAG 1.3.5)."""
        return _AUTOCOMPLETE.get(self.name, "")


def fields(form: Form) -> list[Field]:
    """The fields of a form, in order, without those of the time of a call."""
    words = languages.words(form.language)
    found = [
        Field(name, _INPUTS[name], words[name], is_required=form.standard[name] == "required")
        for name in STANDARD
        if form.standard.get(name) in ("required", "optional")
    ]
    own = [
        Field(
            f"q_{one['key']}",
            one["kind"],
            one["text"],
            is_required=bool(one.get("is_required")),
            is_own=True,
            choices=tuple(one.get("choices") or ()),
        )
        for one in form.questions
    ]
    last = [field for field in found if field.name in ("message", "files")]
    return [*(field for field in found if field not in last), *own, *last]


def clean_standard(kind: str, given: Mapping[str, Any]) -> dict[str, str]:
    """The usual fields as a form keeps them. Raises Invalid."""
    kept = {name: str(given[name]) for name in STANDARD if given.get(name) in ("required", "optional")}
    if kind == FormKind.CALLBACK:
        kept["phone"] = "required"
    return kept


def clean_questions(given: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The questions of a form as it keeps them: without blank ones, each with a key of its own. Raises Invalid."""
    kept: list[dict[str, Any]] = []
    taken: set[str] = set()
    for one in given:
        text = " ".join(str(one.get("text") or "").split())
        if not text:
            continue
        validation.check(text, "questions", longest=300)
        kind = one.get("kind")
        if kind not in KINDS:
            raise Invalid("choose what kind of answer a question takes", field="questions")
        key = _key(str(one.get("key") or text), taken)
        taken.add(key)
        question = {"key": key, "kind": kind, "text": text, "is_required": bool(one.get("is_required")), "choices": []}
        if kind == "choice":
            question["choices"] = _choices(text, one.get("choices") or ())
        kept.append(question)
    if len(kept) > MOST_QUESTIONS:
        raise Invalid(f"a form has at most {MOST_QUESTIONS} questions of its own", field="questions")
    return kept


def _choices(text: str, given: Sequence[Any]) -> list[str]:
    found = list(dict.fromkeys(" ".join(str(choice).split()) for choice in given))
    choices = [validation.check(choice, "questions", longest=200) for choice in found if choice]
    if not 2 <= len(choices) <= MOST_CHOICES:
        raise Invalid(f"“{text[:60]}” needs 2 to {MOST_CHOICES} different choices", field="questions")
    return choices


def _key(wanted: str, taken: set[str]) -> str:
    begin = re.sub(r"[^a-z0-9]+", "_", wanted.lower()).strip("_")[:40] or "question"
    key, number = begin, 1
    while key in taken:
        number += 1
        key = f"{begin}_{number}"
    return key
