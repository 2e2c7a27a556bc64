"""The production setting: what Django itself would warn of, and what every answer carries."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

ROOT = Path(__file__).resolve().parent.parent.parent


def test_deployment_check_is_clean_behind_https() -> None:
    environment = os.environ | {
        "PUBLIC_URL": "https://desk.example.com",
        "SECRET_KEY": "k" * 30 + "0123456789abcdefghij" * 2,
    }
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/login/", "/api/v1/conversations", "/api/schema", "/api/docs", "/nowhere"])
def test_every_answer_carries_a_strict_policy(path: str) -> None:
    answer = Client().get(path)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/docs", "/api/redoc", "/accounts/login/"])
def test_pages_load_nothing_from_elsewhere_and_hold_no_inline_code(path: str) -> None:
    page = Client().get(path).content.decode()
    assert "https://" not in page
    assert " style=" not in page
    assert "<style" not in page
    assert "<script>" not in page


@pytest.mark.parametrize("path", ["/accounts/login/", "/api/v1/conversations"])
def test_unknown_host_is_answered_with_the_setting_that_names_it(path: str) -> None:
    answer = Client().get(path, headers={"host": "desk.example.com:8000"})
    assert answer.status_code == 400
    for words in ("desk.example.com:8000", "PUBLIC_URL", "ALLOWED_HOSTS"):
        assert words in answer.content.decode()
