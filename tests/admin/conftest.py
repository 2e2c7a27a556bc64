"""Django admin's cast: an admin of acme beside its owner, and someone who runs the whole installation."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User, Workspace
from accounts.permissions import Role
from tests import factories
from tests.conftest import Member, member


@pytest.fixture
def eli(acme: Workspace) -> Member:
    """Acme's admin."""
    return member(acme, "Eli Admin", Role.ADMIN)


@pytest.fixture
def root(db: None) -> User:
    """Runs the installation, and is a member of nothing."""
    return factories.UserFactory(email="root@host.example", name="Rae Root", is_superuser=True, is_staff=True)


@pytest.fixture
def as_root(root: User) -> Client:
    client = Client()
    client.force_login(root, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def as_ada(ada: Member) -> Client:
    return ada.signed_in()
