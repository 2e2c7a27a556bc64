"""A hosted form inside the frame of a widget."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.chat import actions
from conversations.models import Widget
from tests.chat.conftest import make
from tests.forms.conftest import make as make_form

pytestmark = pytest.mark.django_db


def framed_by(address: str) -> str:
    return Client().get(address)["Content-Security-Policy"].partition("frame-ancestors ")[2]


def test_form_is_shown_in_the_frame_of_a_widget_of_its_workspace(widget: Widget, globex: Workspace) -> None:
    form = make_form(widget.workspace, allowed_origins=["https://form.example"])
    assert framed_by(f"{form.path}?embed=1") == "https://form.example"
    assert framed_by(f"{form.path}?embed=1&widget={widget.key}") == "*"
    by, at = Actor.system(widget.workspace_id), clock.now()
    actions.update_widget(widget=widget, allowed_origins=["https://shop.example"], by=by, at=at)
    assert framed_by(f"{form.path}?embed=1&widget={widget.key}") == "'self' https://shop.example"
    with tenancy.scope(globex):
        foreign = make(globex)
    for key in (foreign.key, "plw_nobody", "%00", ""):
        assert framed_by(f"{form.path}?embed=1&widget={key}") == "https://form.example"


def test_address_fills_in_what_is_known(widget: Widget) -> None:
    form = make_form(widget.workspace)
    page = Client().get(f'{form.path}?embed=1&name=Nia%20"O"&email=nia@example.com&message=%00Late%3Cb%3E')
    text = page.content.decode()
    assert 'value="nia@example.com"' in text
    assert "Late&lt;b&gt;" in text
    assert 'Nia "O"' not in text
