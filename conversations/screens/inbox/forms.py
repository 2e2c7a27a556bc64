"""The inbox's forms, which read input; the verbs check it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django import forms
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts import clock
from accounts import queries as people
from accounts.models import Team, User
from accounts.text import uuid_or_none, whole_number
from conversations.models import Status
from conversations.screens.fields import LOCAL_FORMATS, LocalDateTimeField
from conversations.screens.inbox.addressing import RecipientsForm

Row = TypeVar("Row", bound=Model)


class FilesField(forms.FileField):
    """Any number of files, none included."""

    widget = forms.ClearableFileInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        # Checked by the verb, which also says what is wrong with them.
        return [upload for upload in data or [] if isinstance(upload, UploadedFile)]


class FilesInput(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Sequence[File[bytes]]:
        uploads: Sequence[File[bytes]] = files.getlist(name)
        return uploads


class UUIDsField(forms.Field):
    """Any number of ids; what is no id is left out."""

    def clean(self, value: Any) -> list[UUID]:
        found = (uuid_or_none(str(given)) for given in value or [])
        return [given for given in found if given is not None]


class NoteForm(forms.Form):
    """A text with files; whitespace is the writer's own. `send_id` is the same when a form is sent again.

    `draft_file` are files that were uploaded already; `draft_version` and `draft_tab` are of the draft that is sent.
    """

    body = forms.CharField(required=False, strip=False)
    uploads = FilesField(required=False, widget=FilesInput(attrs={"multiple": True}))
    send_id = forms.UUIDField(required=False)
    draft_file = UUIDsField(required=False, widget=forms.MultipleHiddenInput)
    draft_version = forms.IntegerField(required=False, min_value=0)
    draft_tab = forms.CharField(required=False, max_length=36)

    def clean_body(self) -> str:
        # Browsers send CR LF; the desk keeps LF, so that a text is the same in every wire format.
        return str(self.cleaned_data["body"]).replace("\r\n", "\n")

    def clean_send_id(self) -> UUID | None:
        # It becomes the message's public id, and some clients of the wire formats refuse other versions.
        given: UUID | None = self.cleaned_data["send_id"]
        if given is not None and given.version != 4:
            raise forms.ValidationError(_("Reload the page, then send again."))
        return given


class AssignForm(forms.Form):
    """A member who may answer, a team, or no one."""

    to = forms.CharField(required=False)
    team = forms.CharField(required=False)

    def clean_to(self) -> User | None:
        return named(
            str(self.cleaned_data["to"]), people.assignable(), _("Conversations can't be assigned to this person.")
        )

    def clean_team(self) -> Team | None:
        return named(str(self.cleaned_data["team"]), people.teams(), _("Unknown team."))


def named(given: str, rows: QuerySet[Row], fault: str) -> Row | None:
    """The row that a button of a menu names, or None for an empty value."""
    if not given:
        return None
    pk = whole_number(given)
    found = None if pk is None else rows.filter(pk=pk).first()
    if found is None:
        raise forms.ValidationError(fault)
    return found


class StatusForm(forms.Form):
    status = forms.ChoiceField(choices=Status.choices)


class UndoForm(forms.Form):
    """The event of the change that is to be undone."""

    event = forms.IntegerField(min_value=1, max_value=2**63 - 1)


class PriorityForm(forms.Form):
    priority = forms.CharField(required=False)


class TagsForm(forms.Form):
    """Tags in a line, as `tags.line` writes it."""

    tags = forms.CharField(required=False, max_length=24_000, strip=False)


class SubjectForm(forms.Form):
    subject = forms.CharField(required=False)


def shown_moment(choice: str) -> datetime | None:
    """The moment that a menu showed for a choice; it may have been opened yesterday."""
    try:
        shown = parse_datetime(choice)
    except ValueError:
        return None
    return shown if shown is not None and timezone.is_aware(shown) else None


class SnoozeForm(forms.Form):
    """A choice of the menu (its name, or the moment that it showed), or a moment in the workspace's time zone."""

    choice = forms.CharField(required=False)
    until = LocalDateTimeField(required=False, input_formats=LOCAL_FORMATS)


class ReplyForm(RecipientsForm, NoteForm):
    """`expected_last` is the last message that the writer has seen; `then` may resolve the conversation with it.

    `later` is when it is to be sent: a moment that the menu showed, or "at" for `later_at`; empty for now. `keep` are the
    files of a reply that was taken back. `waiting` are the ids of scheduled replies that the writer has seen, None where the form
    does not say.
    """

    expected_last = forms.IntegerField(min_value=0, required=False)
    then = forms.ChoiceField(choices=[(Status.RESOLVED, "")], required=False)
    later = forms.CharField(required=False)
    later_at = LocalDateTimeField(required=False, input_formats=LOCAL_FORMATS)
    keep = UUIDsField(required=False, widget=forms.MultipleHiddenInput)
    waiting = forms.CharField(required=False)

    def clean_waiting(self) -> list[str] | None:
        return self.cleaned_data["waiting"].split() if "waiting" in self.data else None

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        later = str(given.get("later", ""))
        given["send_after"] = given.get("later_at") if later == "at" else shown_moment(later)
        is_future = given["send_after"] is not None and given["send_after"] > clock.now()
        if later and "later_at" not in self.errors and not is_future:
            raise forms.ValidationError(_("Pick a time in the future."))
        return given


class ReviewForm(forms.Form):
    """The text of a held reply, and the last message that its reviewer has seen."""

    body = forms.CharField(required=False, strip=False)
    expected_last = forms.IntegerField(min_value=0)

    def clean_body(self) -> str:
        return str(self.cleaned_data["body"]).replace("\r\n", "\n")  # as in a reply


class EscalateForm(forms.Form):
    reason = forms.CharField(required=False, max_length=2000)


class MoveForm(forms.Form):
    """Which message goes where: `to` is the number of a conversation; `later` takes along what came after the message."""

    message = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    to = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    later = forms.BooleanField(required=False)
    subject = forms.CharField(required=False)


class SpamForm(forms.Form):
    """What is blocked with it, if anything; the verb knows the values."""

    block = forms.CharField(required=False, max_length=20)


class FollowForm(forms.Form):
    """Whether to follow or not."""

    follow = forms.BooleanField(required=False)


class NothingForm(forms.Form):
    """A button without fields."""
