"""Links that are mailed or handed over. They are built from PUBLIC_URL, never from a request's Host header."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import signing
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.http import int_to_base36, urlencode

from accounts.models import Invitation, User

_INVITATION = "accounts.invitation"
_EMAIL = "accounts.email"
_SETUP = "accounts.setup"
EMAIL_LIFETIME = timedelta(days=3)


class ResetTokens(PasswordResetTokenGenerator):
    """Tokens of password resets. They end with the account, and with any change of its password or primary address.

    Named in ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR: allauth's own would write unverified addresses while it signs.
    """

    def check_token(self, user: User | None, token: str | None) -> bool:
        return user is not None and user.is_active and super().check_token(user, token)


def setup_code() -> str:
    """What proves that somebody may set up an empty desk: only its operator knows SECRET_KEY. It is the same on all hosts."""
    mac = salted_hmac(_SETUP, "", algorithm="sha256").digest()
    return base64.b32encode(mac[:10]).decode().lower()


def setup() -> str:
    """Where an empty desk is set up."""
    return f"{public(reverse('setup'))}?{urlencode({'code': setup_code()})}"


def public(path: str) -> str:
    """The address of a path of this desk."""
    return f"{settings.PUBLIC_URL}{path}"


def invitation(row: Invitation) -> str:
    """The link of an invitation as it was sent last; only the digest of its token is kept."""
    return public(reverse("accept_invitation", args=[invitation_token(row)]))


def invitation_token(row: Invitation) -> str:
    """The token of an invitation: made from SECRET_KEY and the moment it was sent, so that nobody has to store it."""
    mac = salted_hmac(_INVITATION, f"{row.public_id} {row.sent_at.isoformat()}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def digest(token: str) -> str:
    """What is kept of a token: its SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def password_reset(user: User) -> str:
    """A link with which the person chooses another password, once."""
    key = ResetTokens().make_token(user)
    return public(reverse("account_reset_password_from_key", args=[int_to_base36(user.pk), key]))


def email_confirmation(user: User, email: str) -> str:
    """A link that proves that the person reads the mail of an address."""
    return public(reverse("confirm_email", args=[signing.dumps([user.pk, email], salt=_EMAIL)]))


def confirmed_email(user: User, token: str) -> str | None:
    """The address that a confirmation link proves to be the person's; None for anything else."""
    try:
        pk, email = signing.loads(token, salt=_EMAIL, max_age=EMAIL_LIFETIME)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return email if pk == user.pk else None
