"""A real Redis as the cache: shared by all processes, and missed in words where it is away."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from config.settings import CACHES
from tests.runtime.machine import eventually, free_port

pytestmark = pytest.mark.django_db

BACKEND = "django.core.cache.backends.redis.RedisCache"
LOGIN = {"login": "ada@acme.example", "password": "wrong"}


@contextmanager
def redis() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of a Redis that keeps nothing. Skips the test where there is none, unless REQUIRE_CACHE is set."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        if os.environ.get("REQUIRE_CACHE"):
            pytest.fail("REQUIRE_CACHE is set, and redis-server is not installed")
        pytest.skip("redis-server is not installed")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            eventually(lambda: process.poll() is not None or _answers(port), "Redis")
            assert process.poll() is None
            yield f"redis://127.0.0.1:{port}/0", process
        finally:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    from redis import Redis
    from redis.exceptions import ConnectionError

    try:
        return bool(Redis(port=port).ping())
    except ConnectionError:
        return False


def use(settings: Any, address: str) -> None:
    options = {"socket_connect_timeout": 2, "socket_timeout": 2}
    settings.CACHES = {"default": {"BACKEND": BACKEND, "LOCATION": address, "OPTIONS": options}}


def test_sign_in_limits_are_kept_there_and_their_loss_is_an_outage(settings: Any) -> None:
    with redis() as (address, process):
        use(settings, address)
        browser = Client(raise_request_exception=False)
        for _ in range(5):
            assert browser.post("/accounts/login/", LOGIN).status_code == 200
        assert "Too many" in browser.post("/accounts/login/", LOGIN).content.decode()
        assert cache.get("nothing") is None
        process.kill()
        process.wait()
        answer = browser.post("/accounts/login/", LOGIN)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert "cannot reach its cache" in answer.content.decode()
        assert browser.get("/accounts/login/").status_code == 200
        assert browser.get("/healthz").status_code == 200


def test_the_cache_is_a_table_unless_a_redis_is_named() -> None:
    assert CACHES["default"]["BACKEND"] == "django.core.cache.backends.db.DatabaseCache"
