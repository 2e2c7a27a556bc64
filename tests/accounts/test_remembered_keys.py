"""A key is looked up once a second at most, and refused within that second when it has ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import actions, clock
from accounts.credentials import remembered
from accounts.credentials.authentication import BadKey, ExpiredKey, authenticate
from accounts.models import ApiKey, Workspace
from accounts.permissions import Actor
from tests import factories
from tests.runtime.scratch import address_of, connect


def statements(secret: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        authenticate(secret, clock.now())
    return len(captured)


@pytest.fixture
def secret(transactional_db: None, acme: Workspace) -> str:
    """Of a key that has been used already, which is noted once a minute."""
    _, secret = factories.api_key(acme)
    authenticate(secret, clock.now())
    remembered.forget()
    return secret


def test_the_second_call_within_a_second_asks_nothing(secret: str) -> None:
    assert [statements(secret) for _ in range(3)] == [1, 0, 0]


def test_after_a_second_the_key_is_looked_up_again(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    authenticate(secret, clock.now())
    monkeypatch.setattr(remembered, "SECONDS", 0.0)
    assert statements(secret) == 1


def test_a_revoked_key_is_refused_at_once_where_it_was_revoked(acme: Workspace, secret: str) -> None:
    authenticate(secret, clock.now())
    key = ApiKey.all_workspaces.get()
    actions.revoke_key(key=key, by=Actor.system(acme.pk), at=clock.now())
    with pytest.raises(BadKey):
        authenticate(secret, clock.now())


def test_a_change_of_the_workspace_is_seen_at_once(acme: Workspace, secret: str) -> None:
    assert authenticate(secret, clock.now()).workspace.name == "Acme"
    acme.name = "Acme Ltd"
    acme.save()
    assert authenticate(secret, clock.now()).workspace.name == "Acme Ltd"


def test_a_remembered_key_ends_at_its_moment(secret: str) -> None:
    key = ApiKey.all_workspaces.get()
    key.expires_at = clock.now() + timedelta(hours=1)
    key.save()
    authenticate(secret, clock.now())
    with pytest.raises(ExpiredKey):
        authenticate(secret, key.expires_at)


def test_another_secret_with_the_same_prefix_is_refused(secret: str, acme: Workspace) -> None:
    authenticate(secret, clock.now())
    _, other = factories.api_key(acme)
    head, _, _ = secret.rpartition("_")
    with pytest.raises(BadKey):
        authenticate(f"{head}_{other.rpartition('_')[2]}", clock.now())


def test_what_a_transaction_has_not_committed_is_not_remembered(secret: str) -> None:
    with transaction.atomic():
        assert statements(secret) == 1
        assert statements(secret) == 1


def test_the_other_processes_are_notified(secret: str) -> None:
    with connect(address_of(connection.settings_dict["NAME"])) as listener:
        listener.execute(f"LISTEN {remembered.CHANNEL}")
        ApiKey.all_workspaces.get().save()
        assert any(True for _ in listener.notifies(timeout=5, stop_after=1))
