"""Signing in with a passkey."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import LoginWebAuthnForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class PasskeyForm(LoginWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """allauth says of a passkey that is not known that the code is wrong."""

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except ValidationError as error:
            if error.code != "incorrect_code":
                raise
            raise ValidationError(_("This passkey is not known here. Sign in with your password.")) from error
