"""The cast: acme with its owner Ada, its agent Ben and its viewer Vic; globex with Cleo, who must see nothing of acme."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as made_up

from accounts import tenancy
from accounts.compiled import Compiled
from accounts.credentials import remembered
from accounts.models import ApiKey, Membership, User, Workspace
from accounts.permissions import Actor, Role
from conversations.api import limits
from tests import emptying, factories, named_workspace, passwords, screens, template

passwords.hash_quickly()
emptying.empty_quickly()
screens.show_contexts()
# No test depends on how busy the machine is.
made_up.register_profile("desk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
made_up.load_profile("desk")

LONGEST = (
    "runtime/test_release.py", "commands/test_seed_demo.py", "runtime/test_backup.py", "dialects/test_openapi.py",
    "architecture/test_locks.py", "assistant/test_killed_while_writing.py",
    "architecture/test_recipes.py", "admin/test_reach.py", "grown/test_plans.py",
)  # fmt: skip
"""The files that take longest, the longest first."""
FIRST = ("journeys/test_screens.py", "architecture/test_words.py", "journeys/test_live.py", "journeys/test_composer.py")
"""One worker makes the template of the databases while the other does what needs none."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files come first, so that no worker is left with one when the others have ended.

    The journeys come together, for they share a browser and a desk.
    """
    files = [
        *FIRST,
        *sorted({f"journeys/{item.path.name}" for item in items if item.path.parent.name == "journeys"} - {*FIRST}),
    ]
    ranks = {Path(__file__).parent / name: rank for rank, name in enumerate([*files, *LONGEST])}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


def pytest_collection_finish() -> None:
    """All that was imported stays until the end: looking through it again and again takes a tenth of the processor's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The tests' databases are copies of one that has all migrations."""
    settings.DATABASES["default"]["TEST"]["TEMPLATE"] = template.name()


@dataclass(frozen=True)
class Member:
    """A person of the cast, with what the tests ask of them."""

    user: User
    membership: Membership

    @property
    def actor(self) -> Actor:
        return Actor.member(self.membership)

    def signed_in(self) -> Client:
        """A browser in which this person is signed in."""
        client = Client()
        client.force_login(self.user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client


@dataclass(frozen=True)
class Key:
    """An API key of the cast, with its secret."""

    row: ApiKey
    secret: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


def member(workspace: Workspace, name: str, role: Role) -> Member:
    user = factories.UserFactory(email=f"{name.split()[0].lower()}@{workspace.slug}.example", name=name)
    return Member(user, factories.MembershipFactory(workspace=workspace, user=user, role=role))


@pytest.fixture(autouse=True)
def files_of_their_own(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Uploads of a test go to a folder of that test, made by the first; pages name static files without collecting them first."""
    settings.MEDIA_ROOT = tmp_path_factory.getbasetemp() / f"files_{next(_folders)}"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


_folders = itertools.count()


@pytest.fixture
def no_time_passes_for_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets of calls do not fill again, however long the machine takes for the calls of the test."""
    moment = limits.monotonic()
    monkeypatch.setattr(limits, "monotonic", lambda: moment)


@pytest.fixture(autouse=True)
def compiled_queries_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each shape of a compiled query is compared once with what Django writes for the arguments of the test."""
    rows = Compiled.rows

    def compared(self: Compiled[Any], *shape: Any, **values: Any) -> list[Any]:
        key = (self, self.key(shape, values))
        if key not in _compared:
            assert self.agrees(*shape, **values), self.build
            _compared.add(key)
        return rows(self, *shape, **values)

    monkeypatch.setattr(Compiled, "rows", compared)


_compared: set[Any] = set()


@pytest.fixture(autouse=True)
def no_key_is_remembered() -> None:
    remembered.forget()


@pytest.fixture(autouse=True)
def every_statement_names_its_workspace() -> Iterator[None]:
    """No test may have the desk read or change a tenant's rows without saying whose they are."""
    named_workspace.watch()
    named_workspace.found.clear()
    yield
    assert not named_workspace.found, named_workspace.found[0].explained


@pytest.fixture
def acme(db: None) -> Workspace:
    return factories.WorkspaceFactory(slug="acme", name="Acme")


@pytest.fixture
def globex(db: None) -> Workspace:
    return factories.WorkspaceFactory(slug="globex", name="Globex")


@pytest.fixture
def ada(acme: Workspace) -> Member:
    """Acme's owner."""
    return member(acme, "Ada Duarte", Role.OWNER)


@pytest.fixture
def ben(acme: Workspace) -> Member:
    """Acme's agent."""
    return member(acme, "Ben Kimura", Role.AGENT)


@pytest.fixture
def vic(acme: Workspace) -> Member:
    """Acme's viewer: reads, and changes nothing."""
    return member(acme, "Vic Moreau", Role.VIEWER)


@pytest.fixture
def cleo(globex: Workspace) -> Member:
    """Globex's owner, a stranger to acme."""
    return member(globex, "Cleo Strange", Role.OWNER)


@pytest.fixture
def acme_key(acme: Workspace) -> Key:
    """A server key of acme with every scope."""
    return Key(*factories.api_key(acme))


@pytest.fixture
def globex_key(globex: Workspace) -> Key:
    """A server key of globex with every scope: a stranger's credential."""
    return Key(*factories.api_key(globex))


@pytest.fixture
def in_acme(acme: Workspace) -> Iterator[Workspace]:
    """The test runs inside acme's scope."""
    with tenancy.scope(acme):
        yield acme
