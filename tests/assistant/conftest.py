"""One running desk for the tests of this folder; a part that a test has killed is started again before the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.assistant.desk import SUFFIX, Client, Desk
from tests.assistant.desk import desk as new_desk
from tests.dialects import harness


@pytest.fixture(scope="session")
def running_desk(django_db_setup: None, django_db_blocker: Any) -> Iterator[Desk]:
    """On a database of its own. Its tests are marked `django_db`, so that there is one to copy."""
    with django_db_blocker.unblock(), new_desk() as made:
        yield made


@pytest.fixture
def desk(running_desk: Desk, django_db_blocker: Any) -> Iterator[Desk]:
    """The same, web process and worker running, while this test writes to its database."""
    with django_db_blocker.unblock(), harness.on_the_desks_database(SUFFIX):
        running_desk.restore()
        yield running_desk


@pytest.fixture
def client(desk: Desk) -> Client:
    """A workspace that asks the provider."""
    return Client(desk)
