"""Wire formats are English, whatever language a client or its browser asks for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from conversations.api import discovery
from tests.conftest import Key
from tests.dialects.harness import Route, routes
from tests.languages import speak_german

pytestmark = pytest.mark.django_db

GERMAN = {"Accept-Language": "de"}
WORDS = {"This field is required.": "Pflichtfeld.", "There is nothing at this path.": "Nichts."}


@pytest.fixture(autouse=True)
def german_words(tmp_path: Path, settings: Any) -> None:
    speak_german(tmp_path / "locale", settings, WORDS)


def answer(route: Route, headers: dict[str, str]) -> tuple[int, bytes]:
    path = re.sub(r"{\w+}", "1", route.path)
    client = Client(raise_request_exception=False)
    got = client.generic(route.method, path, "{}", content_type="application/json", headers=headers)
    return got.status_code, b"" if got.streaming else got.content


@pytest.mark.parametrize("dialect", [dialect.name for dialect in discovery.all_dialects()])
def test_errors_of_a_format_are_english(dialect: str, acme_key: Key) -> None:
    compared = 0
    for route in routes():
        for credentials in ({}, acme_key.bearer) if route.dialect == dialect else ():
            plain = answer(route, credentials)
            if plain[0] >= 400:
                assert answer(route, {**credentials, **GERMAN}) == plain, route
                compared += 1
    assert compared


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api/v1/nothing/here", "/api/latest/nothing", "/api/projects/1/nothing"]
)
def test_unknown_path_of_a_format_is_answered_in_english(path: str) -> None:
    german = Client().get(path, headers=GERMAN)
    assert (german.status_code, german.content) == (404, Client().get(path).content)
    assert "Accept-Language" not in german.get("Vary", "")


@pytest.mark.parametrize("path", ["/healthz", "/api/schema/woes"])
def test_what_machines_read_does_not_depend_on_a_language(path: str) -> None:
    assert "Accept-Language" not in Client().get(path, headers=GERMAN).get("Vary", "")
