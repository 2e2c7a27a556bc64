"""What tests of the customers' pages share: a form, and a browser without an account that fills it in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.forms import actions
from conversations.models import Form
from conversations.public import limits
from tests.effects import MORNING

ANSWERS = {"name": "Mira Lund", "email": "mira@example.com", "message": "The station is offline."}


def make(workspace: Workspace, kind: str = "contact", **values: Any) -> Form:
    """A form of the workspace."""
    given = {"name": "Website", "by": Actor.system(workspace.pk), "at": clock.now(), **values}
    return actions.create_form(workspace=workspace, kind=kind, **given)


def token(page: str) -> str:
    """The token in a page."""
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found, page
    return unescape(found[1])


class Visitor:
    """A browser on a form's page, which has been open for a while."""

    def __init__(self, form: Form, moments: time_machine.Coordinates, query: str = "") -> None:
        self.form, self.moments, self.client = form, moments, Client()
        self.address = f"{form.path}{query}"

    def look(self) -> str:
        """Open the page, and read it for ten seconds."""
        page = self.client.get(self.address)
        assert page.status_code == 200, page.content
        self.moments.shift(timedelta(seconds=10))
        return str(page.content.decode())

    def post(self, answers: dict[str, Any], **more: Any) -> Any:
        """Send the form without looking at it first."""
        return self.client.post(self.address, answers, **more)

    def send(self, **answers: Any) -> Any:
        """Open the page, fill it in and send it."""
        return self.post({"token": token(self.look()), **ANSWERS, **answers})


@pytest.fixture
def moments() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(MORNING, tick=False) as coordinates:
        yield coordinates


@pytest.fixture(autouse=True)
def nothing_was_sent_before() -> None:
    for buckets in (limits.LOOKS, limits.SENDS, limits.FORM):
        buckets._left.clear()


@pytest.fixture
def form(in_acme: Workspace) -> Form:
    return make(in_acme)


@pytest.fixture
def visitor(form: Form, moments: time_machine.Coordinates) -> Visitor:
    return Visitor(form, moments)


@pytest.fixture
def visit(moments: time_machine.Coordinates) -> Callable[..., Visitor]:
    """A visitor of any form."""
    return lambda form, query="": Visitor(form, moments, query)
