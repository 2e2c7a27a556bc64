"""What a website loads: the loader, a widget's look, and the page in its frame."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from django.test import Client

from accounts import clock
from accounts.permissions import Actor
from conversations.chat import actions
from conversations.forms import actions as form_actions
from conversations.models import Widget

pytestmark = pytest.mark.django_db


def test_loader_is_one_small_script_for_every_website(widget: Widget) -> None:
    answer = Client().get("/widget.js", headers={"Accept-Encoding": "gzip, br"})
    assert answer["Cache-Control"] == "public, max-age=300"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert len(answer.content) <= 4096
    plain = Client().get("/widget.js")
    assert gzip.decompress(answer.content) == plain.content
    assert Client().get("/widget.js", headers={"If-None-Match": plain["ETag"]}).status_code == 304
    assert not plain.cookies


def test_config_hands_over_the_look_as_data(widget: Widget) -> None:
    by, at = Actor.system(widget.workspace_id), clock.now()
    actions.update_widget(widget=widget, title="</script><b>", launcher_text="Chat & more", by=by, at=at)
    answer = Client().get(f"/widget/{widget.key}/config.js?locale=en-GB")
    assert answer["Cache-Control"] == "public, max-age=60"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    text = answer.content.decode()
    assert "<" not in text
    found = re.fullmatch(
        r'document\.currentScript\.dispatchEvent\(new CustomEvent\("parley",\{detail:(.*)\}\)\);', text
    )
    assert found
    detail = json.loads(found[1])
    assert (detail["labels"]["title"], detail["launcher_text"]) == ("</script><b>", "Chat & more")
    assert (detail["color"], detail["position"], detail["dir"], detail["locale"]) == ("#1f5eff", "right", "ltr", "en")
    for key in ("plw_nobody", "x" * 200, "%00"):
        assert Client().get(f"/widget/{key}/config.js").status_code == 404


def test_frame_is_shown_by_allowed_websites_and_runs_the_desks_scripts_alone(widget: Widget) -> None:
    form_actions.create_form(
        workspace=widget.workspace, kind="contact", name="Returns", by=Actor.system(widget.workspace_id), at=clock.now()
    )
    answer = Client().get(f"/widget/{widget.key}/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors *" in policy
    assert "X-Frame-Options" not in answer
    assert not answer.cookies
    page = answer.content.decode()
    assert not re.search(r"<script(?![^>]*(src=|application/json))|<style|style=", page)
    boot = json.loads(re.search(r'<script[^>]*id="boot"[^>]*>(.*?)</script>', page, re.S)[1])  # type: ignore[index]
    assert boot["key"] == widget.key
    assert [(one["title"], one["kind"]) for one in boot["forms"]] == [("Returns", "contact")]
    assert boot["workspace"] == {"name": "Acme"}
    by, at = Actor.system(widget.workspace_id), clock.now()
    actions.update_widget(widget=widget, allowed_origins=["https://shop.example"], by=by, at=at)
    policy = Client().get(f"/widget/{widget.key}/")["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self' https://shop.example")
    actions.update_widget(widget=widget, is_active=False, by=by, at=at)
    answer = Client().get(f"/widget/{widget.key}/?locale=de")
    assert answer.status_code == 404
    assert "Dieser Chat ist nicht mehr verfügbar." in answer.content.decode()
    assert "X-Frame-Options" not in answer
    assert answer["Content-Security-Policy"].endswith("frame-ancestors *")
