"""Owners make forms in the settings and change all of them there; the command makes them too."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Event, Workspace
from conversations.models import Form
from tests.conftest import Member
from tests.factories import TeamFactory
from tests.forms.conftest import Visitor, make

LIST = "/w/acme/settings/forms"


def typed(page: str) -> dict[str, str]:
    """What a browser would send of the last form in a page, unchanged."""
    found: dict[str, str] = {}
    part = page[page.rindex('<form class="settings"') :]
    for tag in re.findall(r"<input[^>]*>", part):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or "checked" in tag):
            found[name[1]] = unescape(value[1]) if value else "on"
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', part, re.S):
        found[name] = unescape(text)
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', part, re.S):
        chosen = re.search(r'<option value="([^"]*)"[^>]*selected', options) or re.search(r'value="([^"]*)"', options)
        assert chosen
        found[name] = unescape(chosen[1])
    found.pop("csrfmiddlewaretoken", None)
    return found


def test_owner_makes_a_form_and_changes_all_of_it(
    in_acme: Workspace, ada: Member, ben: Member, visit: Callable[..., Visitor]
) -> None:
    team, browser = TeamFactory(workspace=in_acme, name="Hardware"), ada.signed_in()
    made = browser.post(f"{LIST}/add", {"name": "Website", "kind": "contact", "language": "de"}, follow=True)
    form = Form.objects.get()
    assert form.path in made.content.decode()
    given = typed(made.content.decode()) | {
        "title": "Schreiben Sie uns", "standard_subject": "required", "standard_files": "",
        "question-1-text": "Welches Gerät?", "question-1-kind": "choice", "question-1-choices": "Mini\nPro\n\nMini",
        "question-1-required": "on", "question-3-text": "Seriennummer", "question-3-kind": "text",
        "allowed_origins": "https://shop.example\nhttps://www.shop.example/", "team": str(team.pk),
        "assignee": str(ben.user.pk), "country": "de",
    }  # fmt: skip
    saved = browser.post(f"{LIST}/{form.pk}", given, follow=True).content.decode()
    assert "Saved." in saved
    form.refresh_from_db()
    assert form.standard == {
        "name": "optional", "email": "required", "subject": "required", "message": "required",
    }  # fmt: skip
    assert [(one["key"], one["kind"], one["is_required"], one["choices"]) for one in form.questions] == [
        ("welches_ger_t", "choice", True, ["Mini", "Pro"]),
        ("seriennummer", "text", False, []),
    ]
    assert form.allowed_origins == ["https://shop.example", "https://www.shop.example"]
    assert (form.team, form.assignee, form.country, form.is_active) == (team, ben.user, "DE", True)
    assert f"{form.path}/embed.js" in unescape(saved)
    assert "Schreiben Sie uns" in visit(form).look()


def test_form_that_is_saved_as_it_is_stays_as_it_is(in_acme: Workspace, ada: Member) -> None:
    form = make(
        in_acme, "callback", questions=[{"text": "Topic?", "kind": "choice", "choices": ["A", "B"], "is_required": True}],
        consent="I agree.", consent_url="https://shop.example/privacy", allowed_origins=["https://shop.example"],
    )  # fmt: skip
    page = ada.signed_in().get(f"{LIST}/{form.pk}").content.decode()
    before, events = Form.objects.filter(pk=form.pk).values().get(), Event.objects.count()
    assert ada.signed_in().post(f"{LIST}/{form.pk}", typed(page)).status_code == 302
    assert Form.objects.filter(pk=form.pk).values().get() == before
    assert Event.objects.count() == events


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"name": " "}, "This field is required.", id="name"),
        pytest.param({"allowed_origins": "shop.example"}, "not an origin", id="origin"),
        pytest.param({"allowed_origins": "https://a.example;script-src"}, "An origin is like", id="header"),
        pytest.param({"country": "XX"}, "This is not a country", id="country"),
        pytest.param({"consent_url": "javascript:alert(1)"}, "This is not a web address.", id="address"),
        pytest.param({"question-1-text": "Which?", "question-1-kind": "choice"}, "needs 2 to 50", id="choices"),
        pytest.param({"standard_message": "", "standard_subject": ""}, "asks for a message", id="nothing to say"),
    ],
)
def test_what_cannot_be_kept_has_its_reason_and_what_was_typed_stays(
    in_acme: Workspace, ada: Member, changes: dict[str, str], sentence: str
) -> None:
    form, browser = make(in_acme), ada.signed_in()
    given = typed(browser.get(f"{LIST}/{form.pk}").content.decode()) | {"intro": "Kept as typed", **changes}
    answer = browser.post(f"{LIST}/{form.pk}", given)
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert sentence in page
    assert "Kept as typed" in page
    assert Form.objects.get().intro == ""


def test_list_and_page_say_what_became_of_what_was_sent(visitor: Visitor, ada: Member) -> None:
    visitor.send()
    visitor.send(email="no address")
    listed = ada.signed_in().get(LIST).content.decode()
    assert "1 in 30 days" in listed
    page = ada.signed_in().get(f"{LIST}/{visitor.form.pk}").content.decode()
    assert "1 became conversation" in page
    assert "<b>1</b> Shown again: fields missing or invalid" in page


def test_form_is_deleted_after_a_question(in_acme: Workspace, ada: Member) -> None:
    form = make(in_acme)
    browser = ada.signed_in()
    assert "Its conversations stay here" in browser.get(f"{LIST}/{form.pk}/delete").content.decode()
    assert Form.objects.exists()
    assert "No forms" in browser.post(f"{LIST}/{form.pk}/delete", follow=True).content.decode()


@pytest.mark.parametrize("path", ["", "/add", "/{}", "/{}/delete"])
def test_agents_make_no_forms_and_strangers_find_none(in_acme: Workspace, ben: Member, cleo: Member, path: str) -> None:
    url = f"{LIST}{path.format(make(in_acme).pk)}"
    for method in ("get", "post"):
        assert getattr(ben.signed_in(), method)(url).status_code in (403, 405)
        assert getattr(cleo.signed_in(), method)(url).status_code in (404, 405)


def test_command_prints_the_path_last(in_acme: Workspace, capsys: Any) -> None:
    call_command("create_form", "--workspace=acme", "--kind=callback", "--name=Call me", "--origin=https://a.example")
    form = Form.objects.get()
    assert capsys.readouterr().out.splitlines()[-1] == form.path
    assert (form.kind, form.name, form.allowed_origins) == ("callback", "Call me", ["https://a.example"])


@pytest.mark.parametrize("wrong", ["--workspace=nowhere", "--name= ", "--origin=nonsense"])
def test_command_says_what_is_wrong(in_acme: Workspace, wrong: str) -> None:
    given = {"--workspace": "acme", "--kind": "contact", "--name": "Website"}
    name, _, value = wrong.partition("=")
    with pytest.raises(CommandError):
        call_command("create_form", *(f"{key}={text}" for key, text in {**given, name: value}.items()))
    assert not Form.objects.exists()
