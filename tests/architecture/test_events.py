"""What people read of events: each kind is about a row of the desk, has a sentence, and is named in one place."""

from __future__ import annotations

import ast

import pytest
from django.apps import apps
from django.test import RequestFactory

from accounts import activity, journal
from accounts.admin.journal import KindFilter
from accounts.journal import EventType
from accounts.models import Event
from accounts.permissions import rules
from tests.architecture.verbs import APPS, ROOT

KINDS = sorted(journal.catalogue.values(), key=lambda kind: kind.name)
SOURCES = [
    path for app in (*APPS, "config") for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts
]

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@each_kind
def test_event_is_about_a_row_of_the_desk(kind: EventType) -> None:
    rows = {model._meta.model_name for app in APPS for model in apps.get_app_config(app).get_models()}
    assert kind.subject.replace("_", "") in rows


@each_kind
def test_event_has_a_sentence_that_recent_activity_shows(kind: EventType) -> None:
    assert kind.meaning == kind.meaning[0].upper() + kind.meaning[1:].rstrip(".") + "."
    shown = activity.summary(Event(type=kind.name, subject_type=kind.subject, data={}))
    assert shown in (kind.meaning.rstrip("."), "Unassigned", "Unsnoozed")


def test_every_event_can_be_chosen_in_administration() -> None:
    request = RequestFactory().get("/admin/accounts/event/")
    offered = KindFilter(request, {}, Event, None).lookup_choices  # type: ignore[arg-type]
    assert [value for value, _ in offered] == [kind.name for kind in KINDS]


def test_no_code_spells_an_event_out() -> None:
    names = {kind.name for kind in KINDS} - rules().keys()  # a few are names of permissions too
    spelled = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for path in SOURCES
        if path.name != "events.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in names
    ]
    assert not spelled, "name the kind of the app's `events`: " + ", ".join(spelled)
