"""Mail servers that all tests of a run share: each test takes users of its own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conversations.channels.email.wire import encryption
from tests.mail_servers import dovecot as dovecots
from tests.mail_servers import tokens as token_servers
from tests.mail_servers.certificates import Authority
from tests.mail_servers.dovecot import Dovecot
from tests.mail_servers.tokens import TokenServer


@pytest.fixture(autouse=True)
def private_hosts(settings: Any) -> None:
    settings.ALLOW_PRIVATE_HOSTS = True


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A Dovecot without TLS."""
    with dovecots.running() as found:
        yield found


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The desk trusts the tests' authority, and no other."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.root))
    encryption.context.cache_clear()
    yield authority.root
    encryption.context.cache_clear()


@pytest.fixture
def user() -> str:
    """A user who has no mail yet."""
    return f"u{secrets.token_hex(6)}"


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    """A server that grants OAuth tokens."""
    with token_servers.running() as found:
        yield found
