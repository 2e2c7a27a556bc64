"""The form of the assistant's settings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from conversations.assistant import choice as choices


class AssistantForm(forms.Form):
    """A workspace's settings of the assistant, as `conversations.assistant.choice.Choice` takes them."""

    engine = forms.ChoiceField(choices=[(name, name) for name in choices.ENGINES])
    is_approved = forms.BooleanField(required=False)
    hand_over = forms.ChoiceField(choices=[(one.value, one.value) for one in choices.HandOver])
    topics = forms.CharField(required=False, max_length=6_000)
    budget = forms.DecimalField(
        required=False, min_value=0, max_value=choices.HIGHEST_BUDGET, max_digits=10, decimal_places=2
    )

    def __init__(self, data: QueryDict | None = None, **more: Any) -> None:
        if data is not None and "." not in (given := data.get("budget", "")):
            data = data.copy()
            data["budget"] = given.replace(",", ".", 1)  # as half of the world writes it
        super().__init__(data, **more)

    @classmethod
    def of(cls, choice: choices.Choice) -> AssistantForm:
        """Filled with a choice."""
        topics = "\n".join(choice.topics)
        return cls(
            initial={
                "engine": choice.engine,
                "is_approved": choice.is_approved,
                "hand_over": choice.hand_over.value,
                "topics": topics,
                "budget": choice.budget,
            }
        )

    def clean_engine(self) -> str:
        name = str(self.cleaned_data["engine"])
        if name != choices.BUILTIN and not settings.ASSISTANT_BASE_URL:
            raise forms.ValidationError(_("No language model is set up. Set ASSISTANT_BASE_URL first."))
        return name

    def clean_hand_over(self) -> choices.HandOver:
        return choices.HandOver(self.cleaned_data["hand_over"])

    def clean_topics(self) -> tuple[str, ...]:
        try:
            return choices.clean_topics(str(self.cleaned_data["topics"]).splitlines())
        except Invalid as error:
            raise forms.ValidationError(
                _("You can add up to %(most)s topics of up to %(longest)s characters each.")
                % {"most": choices.MOST_TOPICS, "longest": choices.LONGEST_TOPIC}
            ) from error
