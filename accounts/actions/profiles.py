"""What people set for themselves: name, picture, signature, time zone and language, and what they are notified of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction as django

from accounts import changes, events, journal, notices, pictures, transaction
from accounts.actions import validation
from accounts.errors import Invalid
from accounts.models import User, validate_time_zone
from accounts.notices import QuietHours
from accounts.permissions import Actor, permit

LONGEST_SIGNATURE = 2000


@transaction.atomic
def update_profile(
    *,
    user: User,
    name: str | None = None,
    time_zone: str | None = None,
    language: str | None = None,
    signature: str | None = None,
    signs_replies: bool | None = None,
    by: Actor,
    at: datetime,
) -> User:
    """Change what is given; None leaves a value alone. An empty time zone or language is that of the workspace.

    Raises Invalid with the field at fault.
    """
    permit(by, "person.update", person=user)
    user = transaction.held(user)
    changed = changes.change(
        user,
        {
            "name": None if name is None else validation.checked_name(name),
            "time_zone": None if time_zone is None else _time_zone(time_zone),
            "language": None if language is None else _language(language),
            "signature": None if signature is None else _signature(signature),
            "signs_replies": signs_replies,
        },
    )
    if changed:
        user.save(update_fields=changed)
        journal.record(events.PERSON_UPDATED, user, by=by, at=at, fields=changed)
    return user


@transaction.atomic
def set_picture(*, user: User, content: bytes | None, by: Actor, at: datetime) -> User:
    """Give a person a picture, from a file that they chose, or take it away. Raises Invalid for what is no picture."""
    permit(by, "person.update", person=user)
    picture = None if content is None else pictures.encoded(content)
    user = transaction.held(user)
    before = user.picture
    if picture is None and not before:
        return user
    user.picture = "" if picture is None else pictures.store(picture)
    user.save(update_fields=["picture"])
    journal.record(events.PERSON_UPDATED, user, by=by, at=at, fields=["picture"])
    if before:
        django.on_commit(lambda: default_storage.delete(before))
    return user


@transaction.atomic
def set_notifications(
    *, user: User, ways: Mapping[str, Sequence[str]], quiet: QuietHours | None, sound: bool, by: Actor, at: datetime
) -> User:
    """Choose what a person is notified of, and how; events that are not named are as by default. Raises Invalid."""
    permit(by, "person.update", person=user)
    wanted = notices.stored(ways, quiet, sound=sound)
    user = transaction.held(user)  # another tab may be keeping other preferences
    if user.preferences.get("notifications") == wanted:
        return user
    user.preferences = {**user.preferences, "notifications": wanted}
    user.save(update_fields=["preferences"])
    journal.record(events.PERSON_UPDATED, user, by=by, at=at, fields=["notifications"])
    return user


def _time_zone(value: str) -> str:
    try:
        if value:
            validate_time_zone(value)
    except ValidationError as error:
        raise Invalid("choose a time zone of the list", field="time_zone") from error
    return value


def _language(value: str) -> str:
    if value and value not in dict(settings.LANGUAGES):
        raise Invalid("choose a language of the list", field="language")
    return value


def _signature(value: str) -> str:
    text = value.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_SIGNATURE or "\x00" in text:
        raise Invalid(f"a signature has at most {LONGEST_SIGNATURE} characters of text", field="signature")
    return text
