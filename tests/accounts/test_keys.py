"""API keys: what a secret looks like, what is stored of it, and when it is refused."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from accounts import actions, clock
from accounts.credentials import authentication, keys
from accounts.errors import Invalid
from accounts.models import ApiKey, KeyKind, Workspace
from accounts.permissions import Actor
from tests.conftest import Key
from tests.factories import api_key


@pytest.mark.parametrize(("kind", "mark"), [("server", "sv"), ("client", "cl")])
def test_secret_has_the_shape_that_scanners_look_for(kind: str, mark: str) -> None:
    made = keys.make(kind)
    assert re.fullmatch(rf"parley_{mark}_[0-9A-Za-z]{{12}}_[0-9A-Za-z]{{49}}", made.secret)
    assert made.secret.startswith(made.prefix + "_")
    assert keys.prefix_of(made.secret) == made.prefix
    assert keys.matches(made.secret, made.digest)
    assert made.secret not in made.digest


def test_no_two_keys_are_alike() -> None:
    made = [keys.make("server") for _ in range(200)]
    assert len({key.secret for key in made}) == len({key.prefix for key in made}) == 200


@pytest.mark.parametrize("place", [0, 10, 20, 40, -1, -7])
def test_typo_fails_the_checksum_and_costs_no_query(place: int, django_assert_num_queries: Any, db: None) -> None:
    secret = keys.make("server").secret
    wrong = list(secret)
    wrong[place] = "x" if wrong[place] != "x" else "y"
    assert keys.prefix_of("".join(wrong)) is None
    with django_assert_num_queries(0), pytest.raises(authentication.BadKey):
        authentication.authenticate("".join(wrong), clock.now())


@pytest.mark.parametrize(
    "secret", ["", "parley_sv_", "Bearer x", "é" * 70, "\x00", "parley_sv_" + "٣" * 12, "x" * 10_000]
)
def test_what_cannot_be_a_key_is_refused(secret: str) -> None:
    assert keys.prefix_of(secret) is None


def test_right_prefix_with_another_secret_is_refused(acme_key: Key) -> None:
    body = acme_key.row.prefix + "_" + "0" * 43
    forged = body + keys._checksum(body)
    assert keys.prefix_of(forged) == acme_key.row.prefix
    with pytest.raises(authentication.BadKey):
        authentication.authenticate(forged, clock.now())


def test_key_opens_its_own_workspace_in_one_query(
    acme: Workspace, acme_key: Key, django_assert_num_queries: Any
) -> None:
    authentication.authenticate(acme_key.secret, clock.now())
    with django_assert_num_queries(1):
        grant = authentication.authenticate(acme_key.secret, clock.now())
    assert (grant.workspace, grant.key, grant.actor.workspace_id) == (acme, acme_key.row, acme.pk)


def test_last_use_is_noted_once_a_minute(acme_key: Key) -> None:
    at = clock.now()

    def noted(seconds: int) -> Any:
        authentication.authenticate(acme_key.secret, at + timedelta(seconds=seconds))
        return ApiKey.all_workspaces.get().last_used_at

    assert noted(0) == at
    assert noted(50) == at
    assert noted(61) == at + timedelta(seconds=61)


def test_revoked_key_is_refused_by_the_next_request(acme: Workspace, acme_key: Key) -> None:
    authentication.authenticate(acme_key.secret, clock.now())
    actions.revoke_key(key=acme_key.row, by=Actor.system(acme.pk), at=clock.now())
    with pytest.raises(authentication.BadKey):
        authentication.authenticate(acme_key.secret, clock.now())


def test_key_ends_at_its_end_and_not_before(acme: Workspace) -> None:
    end = clock.now() + timedelta(days=1)
    _, secret = api_key(acme, expires_at=end)
    assert authentication.authenticate(secret, end - timedelta(milliseconds=1))
    with pytest.raises(authentication.ExpiredKey):
        authentication.authenticate(secret, end)


@pytest.mark.parametrize(
    ("given", "clean"),
    [("HTTPS://Shop.Example", "https://shop.example"), ("http://localhost:3000/", "http://localhost:3000"),
     (" https://a.example:8443 ", "https://a.example:8443")],
)  # fmt: skip
def test_origin_is_kept_as_browsers_send_it(given: str, clean: str) -> None:
    assert actions.clean_origin(given) == clean


@pytest.mark.parametrize(
    "given",
    [
        "",
        "*",
        "shop.example",
        "ftp://x.example",
        "https://x.example/path",
        "https://u@x.example",
        "https://x:99999",
        "https://",
    ],
)
def test_what_is_no_origin_is_refused(given: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.clean_origin(given)
    assert refused.value.field == "allowed_origins"


def test_server_key_needs_no_switch_for_identity(acme: Workspace) -> None:
    key, _ = api_key(acme, kind=KeyKind.SERVER, unverified_identity=True)
    assert key.unverified_identity is False
