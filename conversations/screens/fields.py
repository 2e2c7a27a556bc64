"""Fields that forms of several sections share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils import timezone


class LocalDateTimeField(forms.DateTimeField):
    """A local time in the current time zone.

    A time that is skipped when clocks go forward is the hour after; one that occurs twice is the first.
    """

    def to_python(self, value: Any) -> datetime | None:
        with timezone.override(UTC):  # Django refuses both kinds of time.
            read = super().to_python(value)
        if read is None:
            return None
        local = read.replace(tzinfo=timezone.get_current_timezone(), fold=0)
        try:
            return local.astimezone(UTC)
        except OverflowError as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error


LOCAL_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
