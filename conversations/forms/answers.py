"""What was sent with a form: checked field by field, and kept as it was typed where it has to be shown again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.validators import validate_email

from accounts.text import is_blank
from conversations.actions.files import MAX_FILES
from conversations.actions.wishes import CallWish
from conversations.forms import windows
from conversations.forms.fields import LONGEST, WHEN, Field, fields
from conversations.models import Form, FormKind
from conversations.texts import phones

Fault = tuple[str, dict[str, Any]]
"""The key of a sentence, and what is put into it."""


@dataclass(slots=True)
class Answers:
    """The answers to a form. `typed` is shown again, `faults` say what is wrong by the field's name."""

    typed: dict[str, str]
    files: Sequence[File[bytes]] = ()
    faults: dict[str, Fault] = field(default_factory=dict)
    phone: str = ""
    window: tuple[datetime, datetime] | None = None

    def __getitem__(self, name: str) -> str:
        return self.typed.get(name, "").strip()

    def parts(self) -> Iterator[str]:
        """All of it, for telling one that is sent twice from another one."""
        for name in sorted(self.typed):
            yield from (name, self.typed[name])
        for file in self.files:
            yield from (file.name or "", str(file.size))

    @property
    def wish(self) -> CallWish:
        """The call that is asked for."""
        return CallWish(
            phone_typed=self["phone"][:100],
            phone=self.phone,
            window=self.window,
            time_zone=self["zone"] if self.window else "",
        )


def read(form: Form, data: Mapping[str, str], files: Sequence[File[bytes]], at: datetime) -> Answers:
    """Read what was sent, whatever it is."""
    asked = fields(form)
    names = [one.name for one in asked if one.kind != "files"]
    is_callback = form.kind == FormKind.CALLBACK
    wanted = [*names, *(WHEN if is_callback else ()), *(("consent",) if form.consent else ())]
    takes_files = any(one.kind == "files" for one in asked)
    answers = Answers({name: clean(data.get(name, "")) for name in wanted}, files if takes_files else ())
    for one in asked:
        if (fault := _fault(one, form, answers)) is not None:
            answers.faults[one.name] = fault
    if is_callback:
        _read_window(answers, at)
    if form.consent and not answers["consent"]:
        answers.faults["consent"] = ("error_consent", {})
    return answers


def clean(value: str) -> str:
    """A text as the desk can keep it: without what is no text, and with line breaks of one kind."""
    text = value.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.encode("utf-8", "ignore").decode()


def fault_of_files(files: Sequence[File[bytes]]) -> Fault | None:
    """What is wrong with files that were chosen."""
    if len(files) > MAX_FILES:
        return "error_files_count", {"count": MAX_FILES}
    for file in files:
        if not file.size:
            return "error_file_empty", {"name": (file.name or "")[-60:]}
        if file.size > settings.UPLOAD_LIMIT:
            return "error_files_size", {"size": size()}
    return None


def size() -> str:
    """The size of an upload, in words that every language has."""
    limit = settings.UPLOAD_LIMIT
    return f"{limit // 2**20} MB" if limit >= 2**20 else f"{limit // 2**10} kB"


def _fault(one: Field, form: Form, answers: Answers) -> Fault | None:
    if one.kind == "files":
        if one.is_required and not answers.files:
            return "error_required", {}
        return fault_of_files(answers.files)
    value = answers[one.name]
    if is_blank(value):
        return ("error_required", {}) if one.is_required else None
    if one.longest is not None and len(value) > one.longest:
        return "error_too_long", {"most": one.longest}
    if one.kind == "choice" and value not in one.choices:
        return "error_choice", {}
    if one.name == "email" and not _is_address(value):
        return "error_email", {}
    if one.name == "phone":
        answers.phone = phones.e164(value, form.country) or ""
        if not answers.phone:
            return "error_phone", {}
    return None


def _is_address(value: str) -> bool:
    try:
        validate_email(value.lower())
    except ValidationError:
        return False
    return len(value) <= LONGEST["email"]


def _read_window(answers: Answers, at: datetime) -> None:
    try:
        answers.window = windows.window(
            day=answers["day"], begin=answers["from"], end=answers["to"], zone=answers["zone"], at=at
        )
    except windows.Refused as refused:
        answers.faults[refused.field] = (refused.code, {"days": windows.MOST_DAYS, "example": at.date().isoformat()})
