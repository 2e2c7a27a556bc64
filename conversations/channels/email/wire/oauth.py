"""Signing in for a mailbox at Google or Microsoft instead of by a password: OAuth 2 with PKCE.

The address that `begin` gives is where the person goes; the code that comes back is exchanged for tokens, and those are refreshed
before they expire. What can go wrong is NeedsReconnecting, for which the person has to sign in again, or OAuthUnavailable, which
may go by itself or is the operator's to mend.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from accounts import clock
from accounts.errors import Invalid
from conversations.channels.email.wire.errors import LoginRefused, MailServerError, Step

TIMEOUT = 20.0  # seconds
LARGEST = 256 * 1024  # bytes of an answer
EARLY = datetime.timedelta(minutes=5)  # a token is refreshed so long before it expires
_LIFETIME = 3600  # seconds of a token that names none
_CONSENT_IS_GONE = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})


class NeedsReconnecting(LoginRefused):
    """The consent is gone: withdrawn, expired, or the password was changed. The person has to sign in again."""

    def __init__(self, title: str) -> None:
        reason = f"{title} no longer accepts this sign-in."
        super().__init__(reason, step=Step.LOGIN, hint=f"Sign in with {title} again.", is_temporary=False)


class OAuthUnavailable(MailServerError):
    """There is no token at the moment."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where people sign in, and as what this desk is known there."""

    name: str
    title: str
    authorize_url: str
    token_url: str
    scope: str
    client_id: str
    client_secret: str = field(repr=False)
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in that has begun: where the person goes, and what has to be kept until they come back."""

    url: str
    state: str
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """What was granted. `access` is valid until `expires_at`; `refresh` gives the next one, and is a secret for good."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime.datetime

    def is_due(self, at: datetime.datetime) -> bool:
        """Whether it is time to refresh it."""
        return at >= self.expires_at - EARLY


def providers() -> list[Provider]:
    """The providers that are configured."""
    return [one for one in (_google(), _microsoft()) if one.client_id]


def provider(name: str) -> Provider:
    """A provider that is configured. Raises Invalid."""
    found = next((one for one in providers() if one.name == name), None)
    if found is None:
        raise Invalid("signing in with this provider is not configured", field="provider")
    return found


def begin(provider: Provider, *, redirect_uri: str, address: str = "") -> SignIn:
    """Begin a sign-in that comes back to `redirect_uri` with a code and the state, for a mailbox's address if it is known."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "client_id": provider.client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": provider.scope,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **provider.extra,
    }
    if address:
        query["login_hint"] = address
    return SignIn(f"{provider.authorize_url}?{urlencode(query)}", state, verifier)


def is_state(begun: str, returned: str) -> bool:
    """Whether a person who comes back is the one who went."""
    return bool(begun) and secrets.compare_digest(begun.encode(), returned.encode())


def exchange(provider: Provider, *, code: str, verifier: str, redirect_uri: str) -> Token:
    """The tokens for the code that came back. Raises NeedsReconnecting or OAuthUnavailable."""
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": redirect_uri}
    token = _ask(provider, form, refresh="")
    if not token.refresh:
        raise OAuthUnavailable(
            f"{provider.title} gave access for an hour and not for longer.",
            step=Step.LOGIN,
            hint=f"Remove this desk from the apps of your account at {provider.title}, and sign in again.",
            is_temporary=False,
        )
    return token


def refresh(provider: Provider, refresh_token: str) -> Token:
    """The next tokens. Raises NeedsReconnecting or OAuthUnavailable."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _ask(provider, form, refresh=refresh_token)


def _ask(provider: Provider, form: dict[str, str], *, refresh: str) -> Token:
    form |= {"client_id": provider.client_id, "client_secret": provider.client_secret}
    asked_at = clock.now()
    status, body = _posted(provider, form)
    if status != 200:
        raise _failure(provider, status, body)
    access, seconds = body.get("access_token"), body.get("expires_in", _LIFETIME)
    if not isinstance(access, str) or not access:
        raise _unavailable(provider)
    lasts = float(seconds) if isinstance(seconds, int | float | str) and str(seconds).isdigit() else _LIFETIME
    following = body.get("refresh_token")
    return Token(
        access=access,
        refresh=following if isinstance(following, str) and following else refresh,
        expires_at=asked_at + datetime.timedelta(seconds=min(lasts, 86_400)),
    )


def _posted(provider: Provider, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """The status and the JSON of the answer; {} for what is none."""
    import httpx2  # most processes never need it

    try:
        with (
            httpx2.Client(timeout=TIMEOUT, follow_redirects=False) as client,
            client.stream("POST", provider.token_url, data=form, headers={"Accept": "application/json"}) as response,
        ):
            data = b""
            for piece in response.iter_bytes():
                data += piece
                if len(data) > LARGEST:
                    raise _unavailable(provider)
            return response.status_code, _json(data)
    except (httpx2.RequestError, httpx2.InvalidURL, UnicodeError) as error:
        raise _unavailable(provider) from error


def _json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _failure(provider: Provider, status: int, body: Mapping[str, Any]) -> MailServerError:
    error = body.get("error")
    if error in _CONSENT_IS_GONE:
        return NeedsReconnecting(provider.title)
    if error in ("invalid_client", "unauthorized_client", "invalid_request", "invalid_scope"):
        name = provider.name.upper()
        return OAuthUnavailable(
            f"{provider.title} does not accept this desk.",
            step=Step.LOGIN,
            hint=f"The people who run this desk check {name}_OAUTH_CLIENT_ID and {name}_OAUTH_CLIENT_SECRET; a secret may have expired.",
            is_temporary=False,
        )
    return _unavailable(provider)


def _unavailable(provider: Provider) -> OAuthUnavailable:
    return OAuthUnavailable(f"{provider.title} does not answer at the moment.", step=Step.LOGIN)


def _google() -> Provider:
    authorize, token = settings.OAUTH_ENDPOINTS.get("google") or (
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
    )
    return Provider(
        name="google",
        title="Google",
        authorize_url=authorize,
        token_url=token,
        scope="https://mail.google.com/",
        client_id=settings.GOOGLE_OAUTH_CLIENT_ID,
        client_secret=settings.GOOGLE_OAUTH_CLIENT_SECRET,
        # Google gives a token that lasts only to those who ask for it and for consent.
        extra={"access_type": "offline", "prompt": "consent"},
    )


def _microsoft() -> Provider:
    base = f"https://login.microsoftonline.com/{settings.MICROSOFT_OAUTH_TENANT}/oauth2/v2.0"
    authorize, token = settings.OAUTH_ENDPOINTS.get("microsoft") or (f"{base}/authorize", f"{base}/token")
    return Provider(
        name="microsoft",
        title="Microsoft",
        authorize_url=authorize,
        token_url=token,
        scope="https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
        client_id=settings.MICROSOFT_OAUTH_CLIENT_ID,
        client_secret=settings.MICROSOFT_OAUTH_CLIENT_SECRET,
        extra={"prompt": "select_account"},
    )
