"""Errors of forms call a field what its label calls it."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.utils import translation

from accounts.errors import Invalid
from conversations.screens import errors
from conversations.screens.knowledge.forms import ArticleForm, MacroForm
from conversations.screens.sentences import sentence
from tests.conftest import Member
from tests.inbox.conftest import markup_of, text_of

FORMS = {"/w/acme/knowledge/macros/new": MacroForm, "/w/acme/knowledge/articles/new": ArticleForm}


@pytest.mark.parametrize("url", FORMS)
def test_labels_of_a_form_are_those_of_its_page(ben: Member, url: str) -> None:
    page = markup_of(ben.signed_in().get(url).content)
    fields = FORMS[url].base_fields
    shown = dict(re.findall(r'<label class="sr" for="(\w+)">([^<]*)</label>', page))
    assert {name: str(fields[name].label) for name in shown if name in fields} == {
        name: text for name, text in shown.items() if name in fields
    }
    assert "body" in shown


def test_a_macro_that_cannot_be_kept_names_its_text(ben: Member) -> None:
    answer = ben.signed_in().post("/w/acme/knowledge/macros/new", {"name": "Hello", "body": "Dear {{customer.shoes}}"})
    assert answer.status_code == 422
    shown = text_of(answer.content)
    assert "Text: {{customer.shoes}} is not a known placeholder." in shown.replace("&#123;", "{")
    assert "Body" not in shown


class ButtonForm(forms.Form):
    launcher_text = forms.CharField(label="Text on the button", required=False)
    plain = forms.CharField(required=False)


@pytest.mark.parametrize(
    ("field", "message", "expected"),
    [
        ("launcher_text", "launcher_text has at most 20 characters", "Text on the button has at most 20 characters."),
        ("plain", "plain must not be blank", "Plain must not be blank."),
        ("launcher_text", "this is not a web address", "This is not a web address."),
        ("elsewhere", "choose another one", "Choose another one."),
    ],
)
def test_what_a_verb_refuses_is_named_as_the_form_names_it(field: str, message: str, expected: str) -> None:
    form = ButtonForm({})
    assert form.is_valid()
    errors.refuse(form, Invalid(message, field=field))
    assert form.errors == {field if field in form.fields else "__all__": [expected]}


def test_a_field_that_no_form_names_has_the_word_of_the_screens() -> None:
    refused = Invalid("body has at most 20000 characters", field="body")
    assert sentence(refused) == "Text has at most 20000 characters."
    with translation.override("de"):
        assert "höchstens 20000 Zeichen" in sentence(refused)
    assert sentence(Invalid("body of it is gone", field="subject")) == "Body of it is gone."
