"""Messages as they were written: their links, their white space, and the direction of each line."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import Workspace
from conversations.screens.formatting import prose
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, UserFactory, receive

LINKED: list[tuple[str, list[str]]] = [
    ("https://shop.example/x。谢谢", ["https://shop.example/x"]),
    ("详情：https://shop.example/a，多谢", ["https://shop.example/a"]),
    ("“https://shop.example/x”", ["https://shop.example/x"]),
    ("[docs](https://shop.example/docs)", ["https://shop.example/docs"]),
    ("[docs](https://shop.example/d_(x)), [b](https://shop.example/b).", ["https://shop.example/d_(x)", "https://shop.example/b"]),
    ("[https://shop.example/a](https://shop.example/a)", ["https://shop.example/a", "https://shop.example/a"]),
    ("**https://shop.example/b**", ["https://shop.example/b"]),
    ("_https://shop.example/b_ ~~https://shop.example/c~~", ["https://shop.example/b", "https://shop.example/c"]),
    ("(https://www.example.com/abc)", ["https://www.example.com/abc"]),
    ("https://example.com/111,\nhttps://example.com/222,", ["https://example.com/111", "https://example.com/222"]),
    ("https://en.wikipedia.org/wiki/Curtain_(disambiguation)", ["https://en.wikipedia.org/wiki/Curtain_(disambiguation)"]),
    ("<https://shop.example/a?b=c&d=e>", ["https://shop.example/a?b=c&amp;d=e"]),
    ("»https://shop.example/a« „https://shop.example/b“ 「https://shop.example/c」です", [
        "https://shop.example/a", "https://shop.example/b", "https://shop.example/c",
    ]),
    ("请看https://shop.example/a然后回复", ["https://shop.example/a"]),
    ("https://zh.wikipedia.org/wiki/中国（见）", ["https://zh.wikipedia.org/wiki/中国"]),
    ("انظر https://shop.example/a، شكرا", ["https://shop.example/a"]),
    ("https://münchen.example/ä?q=[1]&r={2}", ["https://münchen.example/ä?q=[1]&amp;r={2}"]),
    ("HTTPS://Shop.example/B! See https://shop.example/c…", ["HTTPS://Shop.example/B", "https://shop.example/c"]),
    ("http://localhost:8000/x; http://[::1]:80/", ["http://localhost:8000/x", "http://[::1]:80/"]),
    ("www.shop.example/a, write to ann.lee+x@shop.example.", ["https://www.shop.example/a", "mailto:ann.lee+x@shop.example"]),
    ("mailto:ann@shop.example or 写信ann@shop.example谢谢", ["mailto:ann@shop.example", "mailto:ann@shop.example"]),
    ("javascript:alert(1) data:text/html,x vbscript:x file:///etc/passwd https:// http://. a@b x@@y.example", []),
    ("see xhttps://shop.example and `https://shop.example/code`", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "links"), LINKED)
def test_what_is_linked(text: str, links: list[str]) -> None:
    html = prose(text)
    assert re.findall(r'<a dir="ltr" href="([^"]*)"', html) == links
    plain = re.sub(r"<[^>]+>", "", html.replace('</p><p dir="auto" class=on>', "\n"))
    assert plain == text.replace("`", "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize(
    "text",
    ["https://a.example/" + ")" * 20_000, "http://" * 3_000, "a@" * 10_000, "https://a.example/" + "a." * 9_000, "www." * 5_000],
)  # fmt: skip
def test_no_text_stalls_the_search_for_links(text: str) -> None:
    assert text[:7] in re.sub(r"<[^>]+>", "", prose(text))


@pytest.mark.parametrize(
    "text", ["  key:\n    - nested: 1\n      deeper: 2", "col1    col2    col3\n1       2       3", "a\tb\n\tc"]
)
def test_white_space_is_kept(text: str) -> None:
    assert re.sub(r"<[^>]+>", "", prose(text).replace('</p><p dir="auto" class=on>', "\n")) == text


def test_each_line_has_a_direction_of_its_own_and_code_is_left_to_right() -> None:
    html = prose("Order 77\nمرحبا `x = 1`\n\n```\nfor (i = 0)\n```\nhttps://shop.example/a?b=c ارجو المساعدة")
    assert html.count('<p dir="auto"') == 3
    assert '<p dir="auto" class=on>مرحبا <code dir="ltr">x = 1</code></p>' in html
    assert '<pre dir="ltr"><code>for (i = 0)' in html
    # An element with a direction has no say in that of its line.
    assert '<p dir="auto"><a dir="ltr" href="https://shop.example/a?b=c"' in html


def test_names_do_not_turn_what_stands_beside_them(acme: Workspace, ben: Member) -> None:
    name = "\u202eمحمد"
    made = ConversationFactory(workspace=acme, contact=ContactFactory(workspace=acme, name=name), body="السلام")
    receive(made, "a\n  b")
    page = ben.signed_in().get(f"/w/acme/inbox/{made.number}?view=open").content.decode()
    shown = "\u202e?محمد"  # without what turns it, where the desk says it
    assert len(re.findall(rf'(?:<bdi>|dir="auto">){shown}', page)) >= 5
    assert not re.findall(rf"<(?:b|span)(?: class=\"[^\"]*\")?>{shown}", page)

    root, admin = UserFactory(email="root@acme.example", is_superuser=True, is_staff=True), Client()
    admin.force_login(root, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = admin.get(f"/admin/conversations/conversation/{made.pk}/change/").content.decode()
    assert f'<strong dir="auto">{name}' in page
    assert '<p dir="auto">a</p><p dir="auto" class=on>  b</p>' in page
