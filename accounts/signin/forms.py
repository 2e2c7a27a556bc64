"""The forms of accounts. What they change goes through verbs; allauth's own are replaced where they would write rows."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from allauth.account import forms as allauth_forms
from allauth.core.internal import ratelimit
from django import forms
from django.contrib.auth import password_validation
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import actions, clock, outbox
from accounts.models import User
from accounts.permissions import Actor


class ChangePasswordForm(allauth_forms.ChangePasswordForm):  # type: ignore[misc]  # allauth ships no types
    """Asks for the current password, and changes it through the verb."""

    def save(self) -> None:
        _change_password(self.user, self.cleaned_data["password1"])


class ResetPasswordKeyForm(allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """What a reset link leads to."""

    def save(self) -> None:
        _change_password(self.user, self.cleaned_data["password1"])


class ResetPasswordForm(allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    """Asks for an address, and answers alike whether or not an account has it."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email: str = self.cleaned_data["email"]
        # One more mail would be of no use: the links before still work. The answer is the same, so that nobody can
        # keep the owner from this page.
        if ratelimit.consume(request, app="allauth.account", action="reset_mail", key=email):
            for user in self.users:
                outbox.queue("mail_password_reset", user_id=user.pk, email=email)
            if not self.users:
                outbox.queue("mail_unknown_account", email=email)
        return email


def _change_password(user: User, password: str) -> None:
    actions.change_password(user=user, password=password, by=Actor.person(user), at=clock.now())
    user.refresh_from_db(fields=["password"])  # allauth keeps this session for the row it holds


class JoinForm(forms.Form):
    """A new person's name and password."""

    name = forms.CharField(
        label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name", "maxlength": 200})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validation.password_validators_help_text_html(),
    )


class SetupForm(JoinForm):
    """The first workspace of an empty desk, and its owner."""

    workspace = forms.CharField(
        label=_("Workspace"),
        max_length=200,
        widget=forms.TextInput(attrs={"maxlength": 200}),
        help_text=_("The name of your company or team."),
    )
    time_zone = forms.ChoiceField(choices=[(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())])
    email = forms.EmailField(
        label=_("Your email"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "maxlength": 254}),
        help_text=_("You sign in with it."),
    )


class EmailForm(forms.Form):
    """An address of one's own, and the current password."""

    email = forms.EmailField(
        label=_("Email address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    password = forms.CharField(
        label=_("Current password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
