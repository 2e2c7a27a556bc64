"""Signing in: by email and password, by invitation alone, and not by guessing."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import Event, User, Workspace
from tests.accounts.post import link_in, path_of, send_queued
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


def test_wrong_password_and_unknown_person_get_the_same_answer(ben: Member) -> None:
    wrong, unknown = sign_in(Client(), ben.user.email, "nope"), sign_in(Client(), "nobody@acme.example", "nope")
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors


def guess(email: str, times: int, address: str, **headers: str) -> None:
    for _ in range(times):
        sign_in(Client(REMOTE_ADDR=address, headers=headers), email, "nope")


def is_in(answer: Any) -> bool:
    return bool(answer.status_code == 302)


def test_after_five_wrong_passwords_even_the_right_one_is_refused_for_a_while(ben: Member) -> None:
    guess(ben.user.email, 5, "198.51.100.7")
    refused = sign_in(Client(REMOTE_ADDR="198.51.100.7"), ben.user.email, PASSWORD)
    assert refused.status_code == 200
    assert refused.context["form"].errors


def test_strangers_guesses_do_not_shut_the_owner_out(ben: Member) -> None:
    guess(ben.user.email, 30, "198.51.100.7")
    assert is_in(sign_in(Client(REMOTE_ADDR="203.0.113.9"), ben.user.email, PASSWORD))


def test_host_header_and_spelling_buy_no_more_guesses(ben: Member, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    spellings = (ben.user.email, ben.user.email.upper(), f" {ben.user.email} ")
    for number in range(5):
        guess(spellings[number % 3], 1, "198.51.100.7", host=f"host{number}.example")
    client = Client(REMOTE_ADDR="198.51.100.7", headers={"host": "another.example"})
    assert not is_in(sign_in(client, ben.user.email, PASSWORD))


def test_addresses_of_one_ipv6_network_count_as_one(ben: Member) -> None:
    for number in range(5):
        guess(ben.user.email, 1, f"2001:db8:1:2::{number + 1}")
    assert not is_in(sign_in(Client(REMOTE_ADDR="2001:db8:1:2::99"), ben.user.email, PASSWORD))
    assert is_in(sign_in(Client(REMOTE_ADDR="2001:db8:1:3::1"), ben.user.email, PASSWORD))


def test_behind_a_proxy_the_forwarded_address_counts_and_a_made_up_one_does_not(ben: Member, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(5):
        guess(ben.user.email, 1, "127.0.0.1", x_forwarded_for=f"10.9.9.{number}, 198.51.100.7")
    same = Client(REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-for": "10.1.1.1, 198.51.100.7"})
    assert not is_in(sign_in(same, ben.user.email, PASSWORD))
    other = Client(REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-for": "198.51.100.7, 203.0.113.9"})
    assert is_in(sign_in(other, ben.user.email, PASSWORD))


@pytest.mark.parametrize("forwarded", ["", "nonsense", "unix:", "1.2.3.4"])
def test_odd_forwarded_address_breaks_nothing(ben: Member, settings: Any, forwarded: str) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    client = Client(REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-for": forwarded})
    assert is_in(sign_in(client, ben.user.email, PASSWORD))


# --- A forgotten password, which is also the way in for whoever is shut out ---------------------


def ask_for_a_reset(email: str, **headers: str) -> Any:
    return Client(headers=headers).post(reverse("account_reset_password"), {"email": email})


def test_owner_who_is_shut_out_gets_in_by_a_reset_link(ben: Member) -> None:
    guess(ben.user.email, 12, "198.51.100.7")
    ask_for_a_reset(ben.user.email)
    (letter,) = send_queued()
    client = Client(REMOTE_ADDR="198.51.100.7")
    form = client.get(path_of(link_in(letter)), follow=True)
    new = {"password1": "a very new secret", "password2": "a very new secret"}
    answer = client.post(form.redirect_chain[-1][0], new)
    assert answer.status_code == 302
    assert client.get("/w/acme/inbox").status_code == 200
    event = Event.objects.filter(type="person.password_changed").get()
    assert (event.workspace, event.actor_id, event.subject_id) == (None, ben.user.pk, ben.user.pk)
    again = Client().get(path_of(link_in(letter)), follow=True)
    assert "This link has expired" in again.content.decode(), "a link works once"


def test_reset_ends_the_sessions_elsewhere_and_leaves_other_columns_alone(ben: Member) -> None:
    elsewhere = ben.signed_in()
    ask_for_a_reset(ben.user.email)
    (letter,) = send_queued()
    client = Client()
    form = client.get(path_of(link_in(letter)), follow=True)
    User.objects.filter(pk=ben.user.pk).update(name="Benjamin", is_active=False)
    new = {"password1": "a very new secret", "password2": "a very new secret"}
    client.post(form.redirect_chain[-1][0], new)
    ben.user.refresh_from_db()
    assert (ben.user.name, ben.user.is_active) == ("Benjamin", False)
    assert ben.user.check_password(PASSWORD), "the link ended with the account"
    assert elsewhere.get("/w/acme/inbox").status_code == 302


def test_link_names_the_public_address_whatever_the_request_says(ben: Member, settings: Any) -> None:
    settings.ALLOWED_HOSTS, settings.PUBLIC_URL = ["*"], "https://desk.example"
    settings.USE_X_FORWARDED_HOST = True
    ask_for_a_reset(ben.user.email, host="evil.example", x_forwarded_host="evil.example", x_forwarded_proto="http")
    (letter,) = send_queued()
    assert link_in(letter).startswith("https://desk.example/accounts/password/reset/key/")
    assert "evil" not in f"{letter.subject} {letter.body} {letter.from_email}"


def test_known_and_unknown_addresses_are_answered_alike_and_each_gets_a_mail(ben: Member) -> None:
    known, unknown = ask_for_a_reset(ben.user.email), ask_for_a_reset("nobody@acme.example")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [letter.to for letter in send_queued()] == [[ben.user.email], ["nobody@acme.example"]]


def test_nobody_floods_a_mailbox_and_nobody_is_kept_from_asking(ben: Member) -> None:
    statuses = {ask_for_a_reset(ben.user.email).status_code for _ in range(8)}
    assert statuses == {302}
    letters = send_queued()
    assert len(letters) == 3
    assert all(
        "expired" not in Client().get(path_of(link_in(letter)), follow=True).content.decode() for letter in letters
    )


def test_mail_server_that_is_away_is_no_error_and_the_mail_waits(ben: Member, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert ask_for_a_reset(ben.user.email).status_code == 302
    with pytest.raises(OSError):
        send_queued()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert [letter.to for letter in send_queued()] == [[ben.user.email]]


def test_password_is_changed_with_the_present_one_and_this_session_stays(ben: Member) -> None:
    client = ben.signed_in()
    new = {"oldpassword": "wrong", "password1": "a very new secret", "password2": "a very new secret"}
    refused = client.post(reverse("account_change_password"), new)
    assert refused.status_code == 200
    assert 'href="/?security"' in refused.content.decode()
    assert client.get("/?security")["Location"] == "/w/acme/settings/security"
    assert client.post(reverse("account_change_password"), {**new, "oldpassword": PASSWORD}).status_code == 302
    assert client.get("/w/acme/inbox").status_code == 200
    ben.user.refresh_from_db()
    assert ben.user.check_password("a very new secret")
    assert Event.objects.latest("id").type == "person.password_changed"


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


def test_form_sent_after_the_session_ended_leads_back_to_its_page(client: Client, acme: Workspace) -> None:
    send = "/w/acme/inbox/1/reply?view=open"
    page = "http://testserver/w/acme/inbox/1?view=open"
    assert client.post(send, {"body": "x"}, headers={"Referer": page})["Location"] == (
        "/accounts/login/?next=/w/acme/inbox/1%3Fview%3Dopen"
    )
    for referer in ("", "https://evil.example/w/acme/inbox", "http://testserver/elsewhere"):
        assert client.post(send, {"body": "x"}, headers={"Referer": referer})["Location"] == "/accounts/login/?next=/"
