"""One running desk for the tests of this folder that want one; under xdist, one for each worker that has such tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.dialects import harness


@pytest.fixture(scope="session")
def running_desk(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The base URL of a desk on a database of its own. Its tests are marked `django_db`, so that there is one to copy."""
    with django_db_blocker.unblock(), harness.desk() as base:
        yield base


@pytest.fixture
def desk(running_desk: str, django_db_blocker: Any) -> Iterator[str]:
    """The same, while this test writes to that database."""
    with django_db_blocker.unblock(), harness.on_the_desks_database():
        yield running_desk
