"""Errors as a browser shows them: a page of the desk with a way back, whatever refused the request; programs keep their formats."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from accounts.models import Workspace
from accounts.web import error_pages
from conversations.api import fallbacks
from conversations.api.problems import RateLimited
from conversations.public import limits
from tests.conftest import Member
from tests.inbox.conftest import text_of

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Referer": "http://testserver/w/acme/settings?tab=1"}
INBOX = "Back to the inbox"


def is_page(answer: Any, status: int) -> str:
    """The words of an error page, which the answer has to be."""
    assert answer.status_code == status
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert int(answer.get("Content-Length", len(answer.content))) == len(answer.content)
    assert b"standalone" in answer.content
    return text_of(answer.content)


def test_an_address_that_takes_no_such_request_shows_a_page(ben: Member, acme: Workspace) -> None:
    client = ben.signed_in()
    url = "/w/acme/inbox/bulk/start"
    answer = client.get(url, headers=BROWSER)
    shown = is_page(answer, 405)
    assert "Nothing to show here" in shown
    assert INBOX in shown
    assert '<a class="btn btn--main" href="/w/acme/settings?tab=1">Go back</a>' in answer.content.decode()
    assert answer["Allow"] == "POST"
    for headers in ({"Accept": "*/*"}, {**BROWSER, "HX-Request": "true"}, {}):
        assert client.get(url, headers=headers).content == b""


@pytest.mark.parametrize("came_from", ["https://elsewhere.example/w/acme", "http://testserver//elsewhere.example/", ""])
def test_the_way_back_stays_on_the_desk(ben: Member, acme: Workspace, came_from: str) -> None:
    answer = ben.signed_in().get("/w/acme/inbox/bulk/start", headers={**BROWSER, "Referer": came_from})
    assert "Go back" not in is_page(answer, 405)
    assert "elsewhere" not in answer.content.decode()


def test_a_form_without_its_token_or_with_too_many_fields_shows_a_page(ben: Member, acme: Workspace) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ben.user)
    assert "This page is out of date" in is_page(strict.post("/w/acme/inbox/bulk/start", headers=BROWSER), 403)
    many = {f"field{n}": "1" for n in range(1100)}
    shown = is_page(ben.signed_in().post("/w/acme/inbox/bulk/start", many, headers=BROWSER), 400)
    assert "Bad request" in shown
    malformed = ben.signed_in().post(
        "/w/acme/inbox/bulk/start", b"--x\r\nnothing", content_type="multipart/form-data; boundary=" + "x" * 300, headers=BROWSER
    )  # fmt: skip
    assert is_page(malformed, 400)
    assert is_page(ben.signed_in().get("/w/acme/inbox", headers={**BROWSER, "Host": "other.example"}), 400)
    assert "does not answer to the host" in text_of(
        ben.signed_in().get("/w/acme/inbox", headers={**BROWSER, "Host": "other.example"}).content
    )


def test_paths_of_programs_keep_their_formats(acme: Workspace) -> None:
    for path in ("/api/v1/conversations", "/api/nothing"):
        answer = Client().get(path, headers=BROWSER)
        assert answer.status_code in (401, 404)
        assert answer["Content-Type"].startswith("application/json")
    assert Client().post("/widget/none/session", headers=BROWSER).headers.get("Content-Type", "") != "text/html"


def test_a_customer_is_not_led_to_the_inbox(monkeypatch: pytest.MonkeyPatch, acme: Workspace) -> None:
    def refused(request: object) -> None:
        raise RateLimited(30)

    monkeypatch.setattr(limits, "look", refused)
    answer = Client().get("/f/form_0123456789abcdef", headers=BROWSER)
    shown = is_page(answer, 429)
    assert answer["Retry-After"] == "30"
    assert "Too many requests" in shown
    assert "Try again" in shown
    assert INBOX not in shown
    assert Client().get("/f/form_0123456789abcdef").content == b"Too many requests. Try again in a minute.\n"


@pytest.mark.parametrize("status", sorted(error_pages.WORDS))
def test_every_status_has_a_page_in_the_language_of_the_browser(status: int) -> None:
    request = RequestFactory().get("/w/acme/inbox", headers={**BROWSER, "Accept-Language": "de"})
    answer = fallbacks.worded(request, status, "In words for programs.")
    assert str(status) in is_page(answer, status)
    assert b'lang="de"' in answer.content
    plain = fallbacks.worded(RequestFactory().get("/w/acme/inbox"), status, "In words for programs.")
    assert plain.content == b"In words for programs.\n"


def test_pages_files_and_asked_for_credentials_stay_as_they_are() -> None:
    def answering(response: HttpResponse) -> HttpResponse:
        request = RequestFactory().get("/x", headers=BROWSER)
        answer = error_pages.ErrorPageMiddleware(lambda _request: response)(request)
        assert isinstance(answer, HttpResponse)
        return answer

    for response in (
        HttpResponse("<p>Own page</p>", status=404),
        HttpResponse("{}", status=503, content_type="application/json"),
        HttpResponse("Who?\n", status=403, content_type="text/plain", headers={"WWW-Authenticate": "Bearer"}),
        HttpResponse("fine", content_type="text/plain"),
    ):
        before = response.content
        assert answering(response).content == before
