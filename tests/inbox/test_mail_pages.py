"""The pages of one mail: its HTML, in which nothing runs; its source; its pictures, which need no session."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
import time_machine
from django.test import Client

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations.models import Attachment, Conversation, InboundMail, Mailbox, Message
from tests.conftest import Member
from tests.inbox.mails import PIXEL, SOURCE, by_mail, inbound, mailbox

pytestmark = pytest.mark.django_db

CSP = (
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-scripts; default-src 'none'; "
    "img-src http://testserver data:{more}; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; frame-ancestors 'self'"
)


@pytest.fixture
def box(acme: Workspace) -> Mailbox:
    return mailbox(acme)


@pytest.fixture
def letter(box: Mailbox) -> Conversation:
    return by_mail(box)


def of(row: InboundMail, page: str) -> str:
    """The address of a page of a mail."""
    number = Conversation.all_workspaces.get(pk=row.conversation_id).number
    return f"/w/acme/inbox/{number}/messages/{row.message_id}/{page}"


def test_frame_is_answered_with_a_policy_that_lets_nothing_of_the_mail_run(agent: Client, letter: Conversation) -> None:
    row = inbound(letter, written='<p style="color:#123456">It never came.</p><script>alert(1)</script>')
    answer = agent.get(of(row, "body"))
    page = answer.content.decode()
    # One script of the desk says how high the mail is; no mail knows its number, which is another one each time.
    [script] = re.findall(r"<script[^>]*></script>", page)
    [nonce] = re.findall(r' nonce="([\w-]{20,})"', script)
    assert "inbox/mail_frame" in script
    assert answer["Content-Security-Policy"] == CSP.format(more="", nonce=nonce)
    assert nonce not in agent.get(of(row, "body")).content.decode()
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert "color:#123456" in page
    assert page.count("<script") == 1
    full = agent.get(of(row, "body"), {"full": "yes"})
    assert "<script" not in full.content.decode()
    assert "allow-scripts" not in full["Content-Security-Policy"]


def test_link_that_leads_elsewhere_than_it_says_shows_where_to(agent: Client, letter: Conversation) -> None:
    row = inbound(letter, written='<p><a href="https://evil.example/x">https://bank.example</a></p>')
    page = agent.get(of(row, "body")).content.decode()
    assert '</a> <span class="desk-leads">leads to <bdi dir="ltr">evil.example</bdi></span>' in page


def test_remote_images_have_no_address_until_they_are_asked_for(agent: Client, letter: Conversation) -> None:
    row = inbound(letter, written='<p>Hi</p><img src="https://t.example/a.gif?x=1&y=2" width="1">')
    assert ' src="' not in agent.get(of(row, "body")).content.decode().partition("<script")[0]
    loaded = agent.get(of(row, "body"), {"images": "load"})
    assert 'src="https://t.example/a.gif?x=1&amp;y=2"' in loaded.content.decode()
    [nonce] = re.findall(r' nonce="([\w-]+)"', loaded.content.decode())
    assert loaded["Content-Security-Policy"] == CSP.format(more=" https: http:", nonce=nonce)
    # Nor does the browser say who asks: no cookie, no referrer.
    assert loaded["Cross-Origin-Embedder-Policy"] == "credentialless"


def test_a_mail_in_full_says_who_wrote_it_and_offers_its_images(agent: Client, letter: Conversation) -> None:
    row = inbound(letter, written='<p>Hi</p><img src="https://t.example/a.gif">', subject="<b>My</b> order")
    page = agent.get(of(row, "body"), {"full": "yes"}).content.decode()
    assert "<b>&lt;b&gt;My&lt;/b&gt; order</b>" in page
    assert '<a href="?full=yes&amp;images=load" target="_self">Load images</a>' in page
    assert "Load images" not in agent.get(of(row, "body"), {"full": "yes", "images": "load"}).content.decode()
    assert "desk-head" not in agent.get(of(row, "body")).content.decode().partition("</style>")[2]


def picture_in(agent: Client, letter: Conversation, content: bytes = PIXEL) -> list[str]:
    """The addresses of the picture in a mail's frame."""
    files = [{"content": content, "name": "logo.png", "content_id": "logo@x", "is_inline": True}]
    row = inbound(letter, "See", written='<p>See</p><img src="cid:logo@x"><img src="cid:other@x">', files=files)
    return re.findall(r' src="(/inline/[^"]+)"', agent.get(of(row, "body")).content.decode())


def test_a_picture_of_a_mail_needs_no_session(agent: Client, client: Client, letter: Conversation) -> None:
    (address,) = picture_in(agent, letter)
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer.getvalue() == PIXEL  # type: ignore[attr-defined]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_an_address_of_a_picture_ends_after_ten_minutes(agent: Client, client: Client, letter: Conversation) -> None:
    (address,) = picture_in(agent, letter)
    with time_machine.travel(clock.now() + timedelta(minutes=9)):
        assert client.get(address).status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        assert client.get(address).status_code == 404


def test_only_a_signed_address_of_a_picture_is_served(agent: Client, client: Client, letter: Conversation) -> None:
    (address,) = picture_in(agent, letter)
    assert client.get(f"{address}x").status_code == 404
    assert client.get("/inline/x").status_code == 404
    assert client.post(address).status_code == 405
    with tenancy.scope(letter.workspace):
        Attachment.objects.all().delete()
    assert client.get(address).status_code == 404


def test_a_page_under_the_name_of_a_picture_is_not_shown(agent: Client, letter: Conversation) -> None:
    assert picture_in(agent, letter, b"<html><script>alert(1)</script></html>") == []


def test_the_original_is_plain_text(agent: Client, viewer: Client, letter: Conversation) -> None:
    row = inbound(letter)
    for browser in (agent, viewer):
        answer = browser.get(of(row, "original"))
        assert answer.getvalue() == SOURCE  # type: ignore[attr-defined]
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert answer["Content-Disposition"].startswith("inline")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["Content-Length"] == str(len(SOURCE))


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("My order", "My order.eml"),
        ("", "mail.eml"),
        ("../../etc/passwd", "etc passwd.eml"),
        ('x"; filename="evil.exe\r\nSet-Cookie: a=b', "x filename evil.exe Set-Cookie a b.eml"),
        ("請求書 №7", "請求書 7.eml"),
    ],
)
def test_a_mail_can_be_downloaded(agent: Client, letter: Conversation, subject: str, name: str) -> None:
    row = inbound(letter, subject=subject)
    answer = agent.get(of(row, "eml"))
    assert answer.getvalue() == SOURCE  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "message/rfc822"
    assert answer["X-Content-Type-Options"] == "nosniff"
    kind, _, given = answer["Content-Disposition"].partition("; ")
    assert kind == "attachment"
    assert unquote(given.removeprefix("filename*=utf-8''").removeprefix("filename=").strip('"')) == name


def test_a_mail_whose_source_is_gone_is_not_found(agent: Client, letter: Conversation) -> None:
    row = inbound(letter)
    row.raw.storage.delete(row.raw.name)
    assert agent.get(of(row, "original")).status_code == 404
    assert agent.get(of(row, "eml")).status_code == 404


@pytest.mark.parametrize("page", ["body", "original", "eml"])
def test_a_message_that_is_no_mail_of_this_conversation_has_no_such_page(
    agent: Client, letter: Conversation, conversation: Conversation, cleo: Member, page: str
) -> None:
    row = inbound(letter, written="<p>Hi</p>")
    with tenancy.scope(letter.workspace):
        other = Message.objects.get(conversation=conversation)
    assert agent.get(of(row, page)).status_code == 200
    assert agent.get(f"/w/acme/inbox/{conversation.number}/messages/{other.pk}/{page}").status_code == 404
    assert agent.get(f"/w/acme/inbox/{conversation.number}/messages/{row.message_id}/{page}").status_code == 404
    stranger = cleo.signed_in()
    assert stranger.get(of(row, page)).status_code == 404
    assert stranger.get(of(row, page).replace("/w/acme/", "/w/globex/")).status_code == 404


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("請求書.pdf", "請求書.pdf"),
        ("فاتورة.pdf", "فاتورة.pdf"),
        ('a"b\r\nX-Evil: 1.html', 'a"b_X-Evil: 1.html'),
        ("..\\..\\autoexec.bat", ".._.._autoexec.bat"),
        ("\u202e", "file"),
    ],
)
def test_a_hostile_file_is_a_download_under_an_honest_name(
    agent: Client, letter: Conversation, name: str, shown: str
) -> None:
    row = inbound(letter, "See", files=[{"content": b"<html><script>alert(1)</script>", "name": name}])
    with tenancy.scope(letter.workspace):
        file = Attachment.objects.get(message=row.message_id)
    answer = agent.get(f"/w/acme/files/{file.public_id}")
    kind, _, given = answer["Content-Disposition"].partition("; ")
    assert kind == "attachment"
    found = unquote(given.removeprefix("filename*=utf-8''").removeprefix("filename=").strip('"'))
    assert found.replace('\\"', '"') == shown
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "X-Evil" not in answer
