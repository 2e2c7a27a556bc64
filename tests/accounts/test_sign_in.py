"""Signing in: by email and password, by invitation alone, and not by guessing."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.conftest import Member
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted() -> Any:
    cache.clear()
    yield
    cache.clear()


def sign_in(client: Client, email: str, password: str) -> Any:
    return client.post(reverse("account_login"), {"login": email, "password": password})


def test_member_signs_in_in_whatever_case_the_email_is_written(ben: Member) -> None:
    client = Client()
    answer = sign_in(client, ben.user.email.upper(), PASSWORD)
    assert answer.status_code == 302
    assert client.get("/w/acme/inbox").status_code == 200


def test_wrong_password_and_unknown_person_are_told_the_same(ben: Member) -> None:
    wrong, unknown = sign_in(Client(), ben.user.email, "nope"), sign_in(Client(), "nobody@acme.example", "nope")
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors


def test_after_five_wrong_passwords_even_the_right_one_is_refused_for_a_while(ben: Member) -> None:
    for _ in range(5):
        sign_in(Client(), ben.user.email, "nope")
    refused = sign_in(Client(), ben.user.email, PASSWORD)
    assert refused.status_code == 200
    assert refused.context["form"].errors


def test_one_address_cannot_try_many_people(acme: Any) -> None:
    statuses = [sign_in(Client(), f"person{n}@acme.example", "nope").status_code for n in range(40)]
    assert 429 in statuses


def test_nobody_signs_up_alone(acme: Any) -> None:
    answer = Client().post(reverse("account_signup"), {"email": "new@acme.example", "password1": PASSWORD})
    assert answer.status_code == 200
    assert b"invit" in answer.content.lower()


def test_stranger_is_sent_to_sign_in_and_back(ben: Member) -> None:
    answer = Client().get("/w/acme/inbox?view=mine")
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/w/acme/inbox%3Fview%3Dmine"
