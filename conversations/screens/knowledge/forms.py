"""The forms of articles and macros."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from conversations.knowledge import placeholders
from conversations.models import ArticleVisibility
from conversations.models.knowledge import ARTICLE_LIMIT, MACRO_LIMIT, NAME_LIMIT, TITLE_LIMIT


class ArticleForm(forms.Form):
    """An article as it is written. `seen` is the `updated_at` that the writer began from; `then` may publish it."""

    title = forms.CharField(
        label=lazy("Title"), max_length=TITLE_LIMIT, error_messages={"required": lazy("Give it a title.")}
    )
    body = forms.CharField(
        label=lazy("Text"),
        max_length=ARTICLE_LIMIT,
        strip=False,
        error_messages={"required": lazy("Write something first.")},
    )
    visibility = forms.ChoiceField(label=lazy("Visibility"), choices=ArticleVisibility.choices)
    seen = forms.CharField(required=False)
    then = forms.ChoiceField(choices=[("publish", "")], required=False)

    def clean_seen(self) -> datetime | None:
        try:
            return datetime.fromisoformat(str(self.cleaned_data["seen"]))
        except ValueError:
            return None


class MacroForm(forms.Form):
    """A macro: its name and its text; without actions it needs one, as the verb says."""

    name = forms.CharField(
        label=lazy("Name"), max_length=NAME_LIMIT, error_messages={"required": lazy("Give it a name.")}
    )
    body = forms.CharField(label=lazy("Text"), max_length=MACRO_LIMIT, strip=False, required=False)

    def clean_body(self) -> str:
        body = str(self.cleaned_data["body"])
        if unknown := placeholders.unknown(body):
            raise forms.ValidationError(
                _("%(placeholder)s is not a known placeholder. Customers would see it as it is.")
                % {"placeholder": unknown}
            )
        return body
