"""Signing in for a mailbox: going, coming back, refreshing, and the reasons when a provider refuses."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from accounts import clock
from accounts.errors import Invalid
from conversations.channels.email.wire import oauth
from conversations.channels.email.wire.oauth import NeedsReconnecting, OAuthUnavailable, Provider, Token
from tests.mail_servers.tokens import TokenServer

BACK = "https://desk.example/back"


@pytest.fixture
def google(tokens: TokenServer, settings: Any) -> Provider:
    tokens.configure(settings)
    return oauth.provider("google")


def signed_in(provider: Provider, tokens: TokenServer) -> Token:
    going = oauth.begin(provider, redirect_uri=BACK)
    back = tokens.sign_in(going.url)
    assert oauth.is_state(going.state, back["state"])
    return oauth.exchange(provider, code=back["code"], verifier=going.verifier, redirect_uri=BACK)


@pytest.mark.parametrize("name", ["google", "microsoft"])
def test_a_person_goes_comes_back_and_is_signed_in(tokens: TokenServer, settings: Any, name: str) -> None:
    tokens.configure(settings)
    now = clock.now()
    token = signed_in(oauth.provider(name), tokens)
    assert token.access in tokens.owners
    assert now + datetime.timedelta(minutes=50) < token.expires_at < now + datetime.timedelta(minutes=70)


def test_the_address_to_go_to_names_this_desk_and_asks_for_mail_alone(settings: Any) -> None:
    settings.GOOGLE_OAUTH_CLIENT_ID = "desk"
    url = urlsplit(oauth.begin(oauth.provider("google"), redirect_uri=BACK, address="ada@example.com").url)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (url.scheme, url.netloc) == ("https", "accounts.google.com")
    assert (query["client_id"], query["redirect_uri"], query["login_hint"]) == ("desk", BACK, "ada@example.com")
    assert (query["scope"], query["access_type"]) == ("https://mail.google.com/", "offline")


def test_microsoft_is_asked_within_the_organisation(settings: Any) -> None:
    settings.MICROSOFT_OAUTH_CLIENT_ID, settings.MICROSOFT_OAUTH_TENANT = "desk", "acme.example"
    url = oauth.begin(oauth.provider("microsoft"), redirect_uri=BACK).url
    assert url.startswith("https://login.microsoftonline.com/acme.example/oauth2/v2.0/authorize?")
    assert "offline_access" in url
    assert "IMAP.AccessAsUser.All" in url
    assert "SMTP.Send" in url


def test_every_sign_in_has_a_state_and_a_verifier_of_its_own(google: Provider) -> None:
    one, two = (oauth.begin(google, redirect_uri=BACK) for _ in range(2))
    assert one.state != two.state
    assert one.verifier != two.verifier
    assert one.verifier not in one.url
    assert not oauth.is_state(one.state, two.state)
    assert not oauth.is_state("", "")


def test_only_providers_that_are_configured_are_offered(settings: Any) -> None:
    assert oauth.providers() == []
    settings.MICROSOFT_OAUTH_CLIENT_ID = "desk"
    assert [one.name for one in oauth.providers()] == ["microsoft"]
    with pytest.raises(Invalid):
        oauth.provider("google")


def test_a_code_of_another_sign_in_is_refused(google: Provider, tokens: TokenServer) -> None:
    going, other = (oauth.begin(google, redirect_uri=BACK) for _ in range(2))
    back = tokens.sign_in(going.url)
    with pytest.raises(NeedsReconnecting):
        oauth.exchange(google, code=back["code"], verifier=other.verifier, redirect_uri=BACK)


def test_a_token_is_refreshed(google: Provider, tokens: TokenServer) -> None:
    token = signed_in(google, tokens)
    following = oauth.refresh(google, token.refresh)
    assert tokens.owners[following.access] == tokens.owners[token.access]
    assert following.access != token.access


def test_a_refresh_token_is_kept_where_no_other_is_given(google: Provider, tokens: TokenServer) -> None:
    token = signed_in(google, tokens)
    tokens.more = {"refresh_token": None}
    assert oauth.refresh(google, token.refresh).refresh == token.refresh


def test_a_token_is_due_some_minutes_before_it_expires() -> None:
    with time_machine.travel("2026-11-30T09:00:00Z", tick=False):
        token = Token("a", "r", clock.now() + datetime.timedelta(hours=1))
        assert not token.is_due(clock.now() + datetime.timedelta(minutes=54))
        assert token.is_due(clock.now() + datetime.timedelta(minutes=55))


def test_withdrawn_consent_needs_a_new_sign_in(google: Provider, tokens: TokenServer) -> None:
    token = signed_in(google, tokens)
    tokens.revoke()
    with pytest.raises(NeedsReconnecting) as found:
        oauth.refresh(google, token.refresh)
    assert found.value.hint == "Sign in with Google again."
    assert not found.value.is_temporary


@pytest.mark.parametrize("error", ["invalid_grant", "interaction_required", "consent_required"])
def test_what_a_person_has_to_mend_needs_a_new_sign_in(google: Provider, tokens: TokenServer, error: str) -> None:
    tokens.answer = 400, {"error": error}
    with pytest.raises(NeedsReconnecting):
        oauth.refresh(google, "r")


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"error": "server_error"}),
        (503, b"<html>busy</html>"),
        (429, {"error": "rate_limited"}),
        (400, {"error": "temporarily_unavailable"}),
        (200, b"not json"),
        (200, {"token_type": "Bearer"}),
        (200, {"access_token": ["x"]}),
        (200, ["x"]),
        (302, b""),
        (200, b"[" * 100_000),
        (200, b" " * 1_000_000),
    ],
)
def test_a_provider_that_is_down_is_asked_again_later(google: Provider, tokens: TokenServer, answer: Any) -> None:
    tokens.answer = answer
    with pytest.raises(OAuthUnavailable) as found:
        oauth.refresh(google, "r")
    assert found.value.is_temporary


def test_a_provider_that_cannot_be_reached_is_asked_again_later(settings: Any) -> None:
    settings.GOOGLE_OAUTH_CLIENT_ID = "desk"
    settings.OAUTH_ENDPOINTS = {"google": ("http://127.0.0.1:9/authorize", "http://127.0.0.1:9/token")}
    with pytest.raises(OAuthUnavailable) as found:
        oauth.refresh(oauth.provider("google"), "r")
    assert found.value.is_temporary


def test_a_wrong_client_secret_is_for_the_people_who_run_the_desk(
    google: Provider, tokens: TokenServer, settings: Any
) -> None:
    settings.GOOGLE_OAUTH_CLIENT_SECRET = "expired"
    with pytest.raises(OAuthUnavailable) as found:
        oauth.refresh(oauth.provider("google"), "r")
    assert "GOOGLE_OAUTH_CLIENT_SECRET" in found.value.hint
    assert not found.value.is_temporary


def test_access_for_an_hour_alone_is_not_enough(google: Provider, tokens: TokenServer) -> None:
    tokens.more = {"refresh_token": None}
    with pytest.raises(OAuthUnavailable) as found:
        signed_in(google, tokens)
    assert not found.value.is_temporary


@pytest.mark.parametrize("seconds", [None, "3599", "soon", -5, True, 1e300])
def test_the_lifetime_of_a_token_may_be_anything(google: Provider, tokens: TokenServer, seconds: Any) -> None:
    tokens.more = {"expires_in": seconds}
    token = signed_in(google, tokens)
    assert clock.now() < token.expires_at <= clock.now() + datetime.timedelta(days=1)


def test_secrets_are_not_shown_when_tokens_are_printed(google: Provider, tokens: TokenServer) -> None:
    token = signed_in(google, tokens)
    shown = repr((token, google, oauth.begin(google, redirect_uri=BACK)))
    assert token.access not in shown
    assert token.refresh not in shown
    assert "client-secret" not in shown
