"""The forms of a person's own settings."""

from __future__ import annotations

from datetime import time
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import notices
from accounts.actions.profiles import LONGEST_SIGNATURE
from accounts.models import User
from accounts.notices import QuietHours


class ProfileForm(forms.Form):
    """Name, signature, time zone and language."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, required=False)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    signature = forms.CharField(label=gettext_lazy("Signature"), max_length=LONGEST_SIGNATURE, required=False)
    signs_replies = forms.BooleanField(label=gettext_lazy("Sign my mail replies"), required=False)

    def __init__(self, user: User, workspace_zone: str, data: QueryDict | None = None) -> None:
        names = ("name", "time_zone", "language", "signature", "signs_replies")
        super().__init__(data, initial={name: getattr(user, name) for name in names})
        self.zones = [("", _("As the workspace (%(zone)s)") % {"zone": workspace_zone})] + [
            (zone, zone.replace("_", " ")) for zone in sorted(available_timezones())
        ]
        self.languages = [("", _("As the desk")), *settings.LANGUAGES]
        self.fields["time_zone"].choices = self.zones  # type: ignore[attr-defined]
        self.fields["language"].choices = self.languages  # type: ignore[attr-defined]


class NotificationsForm(forms.Form):
    """Which events reach a person in which way, and the hours in which only the page says something."""

    has_quiet_hours = forms.BooleanField(label=gettext_lazy("Quiet hours"), required=False)
    quiet_from = forms.TimeField(label=gettext_lazy("From"), required=False, initial=time(20))
    quiet_to = forms.TimeField(label=gettext_lazy("To"), required=False, initial=time(7))
    days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("On"),
        coerce=int,
        required=False,
        choices=[(str(day), str(day)) for day in notices.EVERY_DAY],
    )
    sound = forms.BooleanField(label=gettext_lazy("Play a sound in the page"), required=False)

    def __init__(self, user: User, data: QueryDict | None = None) -> None:
        quiet = notices.quiet_hours(user)
        kept = quiet or QuietHours(time(20), time(7))
        initial = {
            "has_quiet_hours": quiet is not None,
            "quiet_from": kept.start,
            "quiet_to": kept.end,
            "days": [str(day) for day in kept.days],
            "sound": notices.has_sound(user),
        }
        super().__init__(data, initial=initial)
        self.ways: dict[str, list[str]] = {
            event: [way for way in notices.WAYS if f"{event}-{way}" in data]
            if data is not None
            else sorted(notices.ways(user, event))
            for event in notices.EVENTS
        }

    def clean(self) -> None:
        given = self.cleaned_data
        if not given.get("has_quiet_hours"):
            self.errors.pop("quiet_from", None)
            self.errors.pop("quiet_to", None)
            return
        for name in ("quiet_from", "quiet_to"):
            if name not in self.errors and given.get(name) is None:
                self.add_error(name, _("Enter a time."))

    @property
    def quiet(self) -> QuietHours | None:
        """The quiet hours that were chosen."""
        given = self.cleaned_data
        if not given["has_quiet_hours"]:
            return None
        return QuietHours(given["quiet_from"], given["quiet_to"], tuple(given["days"]))
