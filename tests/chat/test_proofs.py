"""How a website says who its visitor is: only what is signed with the workspace's secret identifies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from accounts import actions as account_actions
from accounts import clock
from accounts.credentials import identity
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.chat import proofs
from conversations.models import Widget

pytestmark = pytest.mark.django_db

SECRET = "00112233445566778899aabbccddeeff" * 2
NOW = datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
EMAIL_HASH = "4dd7f63dc450d2f3911dc009d006bcf51b2c2e8358c8907499e710ea2e45383c"
TEXT_KEY_HASH = "dd0947b3099941d988a4bf4e98f810a403ebc1b1d641f1e7e2512bb176b938e5"
TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJlbWFpbCI6Im5pYS5va2Fmb3JAc2FtcGxlLnRlc3QiLCJuYW1lIjoiTmlhIE9rYWZvciIsImFjY291bnRfZXh0ZXJuYWxfaWQiOiJhY2N0XzciLCJj"
    "b250YWN0X2V4dGVybmFsX2lkIjoidV80MSIsImF1ZCI6InRyb3Z3X2RlbW8xMjMiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyNjIwMH0."
)


@pytest.fixture
def woes(widget: Widget) -> Widget:
    """A widget with the key and the secret of the documented examples."""
    Workspace.objects.filter(pk=widget.workspace_id).update(identity_secret=SECRET)
    Widget.objects.filter(pk=widget.pk).update(woes_key="trovw_demo123")
    return Widget.objects.select_related("workspace").get(pk=widget.pk)


def signed(widget: Widget, key: str | bytes | None = None, at: datetime | None = None, **claims: Any) -> str:
    known = {"sub": "u_41", "aud": widget.key, "exp": (at or clock.now()) + timedelta(minutes=10)}
    given = {name: value for name, value in {**known, **claims}.items() if value is not None}
    return jwt.encode(given, key or widget.workspace.identity_secret, algorithm="HS256")


def read(widget: Widget, at: datetime | None = None, **given: Any) -> proofs.Identity:
    return proofs.read(widget, given, at=at or clock.now())


@pytest.mark.parametrize(
    "signature", ["9elUpO77eeYNHU2DQWEyKgGyUAdpFCXmWOAo7mZneUU", "hovFDPF-TFb6qe5EUhYfCmY5l50zl-S42a39pFrRn-I"]
)
def test_documented_token_is_read_with_the_secret_as_text_and_decoded(woes: Widget, signature: str) -> None:
    found = read(woes, NOW, jwt=TOKEN + signature)
    assert (found.is_signed, found.external_id, found.email) == (True, "u_41", "nia.okafor@sample.test")
    assert (found.name, found.company) == ("Nia Okafor", "acct_7")


@pytest.mark.parametrize("proof", [EMAIL_HASH, TEXT_KEY_HASH])
def test_documented_hash_signs_the_address_and_nothing_else(woes: Widget, proof: str) -> None:
    found = read(woes, email=" Nia.Okafor@Sample.TEST ", email_hash=proof, id="u_1", name="Nia", plan="pro")
    assert (found.is_signed, found.email, found.external_id, found.name) == (True, "nia.okafor@sample.test", "", "Nia")
    assert not found.is_whole_signed


def test_hash_of_an_id_is_over_the_id_with_the_secret_as_text(woes: Widget) -> None:
    found = read(woes, identity_distinct_id="u_41", identity_hash=identity._hash(SECRET.encode(), "u_41"))
    assert (found.is_signed, found.external_id, found.email) == (True, "u_41", "")
    decoded = identity._hash(bytes.fromhex(SECRET), "u_41")
    for wrong in (decoded, identity._hash(SECRET.encode(), "u_42"), decoded[:63], decoded.upper(), 7, None, [decoded]):
        with pytest.raises(proofs.NotProven):
            proofs.of_distinct_id(woes, "u_41", wrong)


def test_two_secrets_are_valid_at_once(widget: Widget) -> None:
    token = signed(widget)
    by = Actor.system(widget.workspace_id)
    widget.workspace = account_actions.rotate_identity_secret(workspace=widget.workspace, by=by, at=clock.now())
    assert read(widget, jwt=token).external_id == "u_41"
    widget.workspace = account_actions.rotate_identity_secret(workspace=widget.workspace, by=by, at=clock.now())
    with pytest.raises(proofs.NotProven):
        read(widget, jwt=token)


def test_audience_is_a_key_of_the_widget_or_the_workspace(woes: Widget) -> None:
    for audience in (woes.key, woes.woes_key, str(woes.workspace.public_id), ["other", woes.key]):
        assert read(woes, jwt=signed(woes, aud=audience)).is_signed
    for audience in (None, "other", [], ["other"], {"a": 1}, 7, woes.workspace.slug):
        with pytest.raises(proofs.NotProven):
            read(woes, jwt=signed(woes, aud=audience))


def test_token_ends_within_a_day_and_a_clock_may_be_a_little_off(widget: Widget) -> None:
    at = clock.now()
    for delta in (timedelta(seconds=-30), timedelta(hours=24)):
        assert read(widget, at, jwt=signed(widget, exp=at + delta)).is_signed
    with pytest.raises(proofs.Expired) as refused:
        read(widget, at, jwt=signed(widget, exp=at - timedelta(minutes=2)))
    assert refused.value.code == "identity_expired"
    for wrong in (at + timedelta(hours=25), None, "soon", True, 2**80, float("inf"), {}):
        with pytest.raises(proofs.NotProven) as refused:
            read(widget, at, jwt=signed(widget, exp=wrong))
        assert refused.value.code == "identity_invalid"


def test_the_contact_is_the_external_id_else_the_subject_else_the_address(widget: Widget) -> None:
    both = read(widget, jwt=signed(widget, contact_external_id="c_1", sub="s_1", email="Nia@Example.com"))
    assert (both.external_id, both.email) == ("c_1", "nia@example.com")
    assert read(widget, jwt=signed(widget, sub="s_1")).external_id == "s_1"
    assert read(widget, jwt=signed(widget, contact_external_id=41)).external_id == "41"
    by_email = read(widget, jwt=signed(widget, sub=None, email="nia@example.com"))
    assert (by_email.external_id, by_email.email) == ("", "nia@example.com")
    for claims in ({}, {"email": "no address"}, {"email": "nia@example.com", "email_verified": False}):
        with pytest.raises(proofs.NotProven):
            read(widget, jwt=signed(widget, **{"sub": None, **claims}))


FORGED = ["", "a.b.c", 7, None, [], {}, True, "\ud800", "a\x00b", "x" * 9_000, "é.é.é"]


@pytest.mark.parametrize("value", FORGED, ids=repr)
def test_what_is_no_proof_is_refused_and_never_counts_as_unsigned(widget: Widget, value: Any) -> None:
    for given in (
        {"jwt": value},
        {"email": "nia@example.com", "email_hash": value},
        {"email": value, "email_hash": "0" * 64},
    ):
        if None in given.values() and "email_hash" not in given:
            continue
        if given.get("email_hash", "") is None:
            continue
        with pytest.raises(proofs.NotProven):
            proofs.read(widget, given, at=clock.now())


def test_tokens_of_others_are_refused(widget: Widget, globex: Workspace) -> None:
    claims = {"sub": "u_41", "aud": widget.key, "exp": clock.now() + timedelta(minutes=5)}
    unsigned = jwt.encode(claims, "", algorithm="none")
    other_algorithm = jwt.encode(claims, widget.workspace.identity_secret, algorithm="HS512")
    for forged in (unsigned, other_algorithm, signed(widget, globex.identity_secret), signed(widget)[:-2]):
        with pytest.raises(proofs.NotProven):
            read(widget, jwt=forged)


def test_what_is_stated_describes_and_identifies_nobody(widget: Widget) -> None:
    found = read(widget, externalId="u_41", email="Nia@Example.com", name="Nia", company="Sample", plan="pro", seats=7)
    assert (found.is_signed, found.external_id, found.email) == (False, "", "nia@example.com")
    assert found.traits == {"plan": "pro", "seats": "7", "stated_id": "u_41"}
    odd = read(widget, id=[], email={"a": 1}, name="\ud800", company="x" * 500, nested={"a": 1}, nul="\x00", big=2**200)
    assert odd == proofs.Identity(is_signed=False)
