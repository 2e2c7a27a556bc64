"""Mails in a thread: who wrote them to whom, why they are here, and what is shown of them."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts import tenancy
from accounts.models import Workspace
from conversations.channels.email import receiving
from conversations.channels.email.actions import contents
from conversations.models import Conversation, InboundMail, Mailbox, MailSource, Proof
from conversations.screens.inbox import mails
from tests.inbox.conftest import HTMX, markup_of, queries_of, text_of
from tests.inbox.mails import PIXEL, by_mail, inbound, mailbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def box(acme: Workspace) -> Mailbox:
    return mailbox(acme)


@pytest.fixture
def letter(box: Mailbox) -> Conversation:
    """A conversation that began with a mail, whose row each test adds."""
    return by_mail(box)


def shown(browser: Client, conversation: Conversation) -> bytes:
    answer = browser.get(f"/w/acme/inbox/{conversation.number}?view=open", headers={**HTMX, "HX-Target": "open"})
    assert answer.status_code == 200
    return answer.content


def of(row: InboundMail, page: str) -> str:
    """The address of a mail's page."""
    number = Conversation.all_workspaces.get(pk=row.conversation_id).number
    return f"/w/acme/inbox/{number}/messages/{row.message_id}/{page}"


def test_a_mail_says_who_it_is_from_and_to_whom_it_went(agent: Client, letter: Conversation) -> None:
    people = [["", "bob@y.example"], ["Ćwikła", "c@z.example"]]
    inbound(letter, cc=people)
    page = text_of(shown(agent, letter))
    assert "Ada Lovelace" in page
    assert "ada@x.example to 1, cc 2" in page
    assert "To Acme &lt;support@acme.example&gt; Cc bob@y.example Ćwikła &lt;c@z.example&gt;" in page


@pytest.mark.parametrize(
    ("values", "doubts"),
    [
        ({}, []),
        ({"is_verified": True}, []),
        ({"is_verified": False}, ["Sender not verified"]),
        ({"is_stranger": True}, ["Not the customer of this conversation"]),
    ],
)
def test_a_doubtful_sender_is_marked(
    agent: Client, letter: Conversation, values: dict[str, bool], doubts: list[str]
) -> None:
    inbound(letter, **values)
    page = text_of(shown(agent, letter))
    assert [one for one in ("Sender not verified", "Not the customer of this conversation") if one in page] == doubts


@pytest.mark.parametrize(
    ("proof", "line"),
    [
        (Proof.REPLY_ADDRESS, "Joined by the reply address"),
        (Proof.IN_REPLY_TO, "Joined by In-Reply-To"),
        (Proof.REFERENCES, "Joined by References"),
        (Proof.MARKER, "Joined by the reference in its text"),
        (Proof.NEW, "Began this conversation"),
        (Proof.MOVED, "Moved here by a member"),
    ],
)
def test_a_mail_says_why_it_is_here(agent: Client, letter: Conversation, proof: Proof, line: str) -> None:
    inbound(letter, proof=proof)
    assert f"{line} Show original Download .eml" in text_of(shown(agent, letter))


def test_quoted_text_and_signature_of_a_plain_mail_are_folded(agent: Client, letter: Conversation) -> None:
    inbound(letter, quoted="> We sent it on Monday.", signature="Ada\n+44 1")
    page = markup_of(shown(agent, letter))
    assert "<iframe" not in page
    assert '<summary>Quoted text</summary><div class="mail__rest"><p dir="auto">&gt; We sent it on Monday.</p>' in page
    assert '<summary>Signature</summary><div class="mail__rest"><p dir="auto">Ada</p>' in page
    assert page.index("It never came.") < page.index("Signature") < page.index("Quoted text")


def test_a_formatted_mail_is_a_sandboxed_frame_beside_its_plain_text(agent: Client, letter: Conversation) -> None:
    row = inbound(letter, written="<p>It <b>never</b> came.</p>")
    page = markup_of(shown(agent, letter))
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox allow-scripts"' in page
    assert f'src="{of(row, "body")}"' in page
    assert "srcdoc" not in page
    assert "<b>never</b>" not in page
    assert '<p dir="auto">It never came.</p>' in page
    assert ("Load images" in page, "Plain text" in page) == (False, True)


def test_html_that_cannot_be_made_safe_is_shown_as_plain_text(agent: Client, letter: Conversation) -> None:
    row = inbound(
        letter, written="<div>" * 400, problems=["The formatted text is nested too deeply: it is shown as plain text."]
    )
    page = markup_of(shown(agent, letter))
    assert "<iframe" not in page
    assert "It never came." in page
    assert "nested too deeply" in page
    assert agent.get(of(row, "body")).status_code == 404


def test_what_was_lost_is_stated(agent: Client, letter: Conversation) -> None:
    inbound(letter, problems=["The mail has more than 500 parts: the rest was ignored."])
    page = text_of(shown(agent, letter))
    assert "more than 500 parts" in page


def test_a_mail_without_a_text_says_so(agent: Client, letter: Conversation) -> None:
    inbound(letter, body="", files=[{"content": b"%PDF-1.4 x", "name": "bill.pdf"}])
    page = text_of(shown(agent, letter))
    assert "This mail has no text." in page
    assert "bill.pdf PDF, 10 bytes" in page


def test_an_invitation_is_a_card_with_its_time_in_the_workspaces_zone(
    agent: Client, letter: Conversation, acme: Workspace
) -> None:
    acme.time_zone = "Asia/Tokyo"
    acme.save()
    card = {
        "method": "REQUEST", "summary": "Fitting the gate", "location": "Mill Lane 3", "time_zone": "Europe/Berlin", "uid": "1",
        "start": "2026-12-01T09:00:00+01:00", "end": "2026-12-01T10:30:00+01:00",
        "organizer": ["Bob", "bob@y.example"],
    }  # fmt: skip
    inbound(letter, invitation=card)
    page = text_of(shown(agent, letter))
    assert (
        "Fitting the gate Tuesday 1 December 2026, 17:00 – 18:30 JST Mill Lane 3 "
        "Organized by Bob &lt;bob@y.example&gt; The invitation is attached." in page
    )


@pytest.mark.parametrize(
    ("start", "end", "when"),
    [
        ("2026-12-24", "2026-12-25", "Thursday 24 December 2026 – Friday 25 December 2026"),
        ("2026-12-24", None, "Thursday 24 December 2026"),
        ("2026-12-24T09:00:00", "2026-12-24T10:00:00", "Thursday 24 December 2026, 09:00 – 10:00"),
        (None, None, ""),
        ("no date", 7, ""),
        ("9999-12-31T23:59:59-23:00", None, ""),
    ],
)
def test_time_of_an_invitation(start: object, end: object, when: str) -> None:
    card = mails._invitation({"summary": "", "start": start, "end": end})
    assert card is not None
    assert (card.title, card.when) == ("Invitation", when)


def test_a_picture_inside_the_html_is_not_listed_again(agent: Client, letter: Conversation) -> None:
    files = [
        {"content": PIXEL, "name": "logo.png", "content_id": "logo@x", "is_inline": True},
        {"content": PIXEL, "name": "photo.png"},
    ]
    inbound(letter, body="See below", written='<p>See <img src="cid:logo@x"></p>', files=files)
    page = markup_of(shown(agent, letter))
    frame, plain, last = (
        page.index(mark) for mark in ('class="mail__frame"', 'class="mail__plain"', 'class="state mail__about"')
    )
    # The picture is shown in the frame; beside the plain text nothing else shows it.
    assert [found.start() for found in re.finditer('alt="logo.png"', page)] == [page.index('alt="logo.png"', plain)]
    assert frame < plain < page.index('alt="logo.png"') < page.index('alt="photo.png"') < last
    assert page.count('alt="photo.png"') == 1


@pytest.mark.parametrize(
    ("count", "notice"), [(0, ""), (1, "1 image from the internet"), (12, "12 images from the internet")]
)
def test_remote_images_are_offered(agent: Client, letter: Conversation, count: int, notice: str) -> None:
    written = "<p>Hi</p>" + "".join(f'<img src="https://t.example/{number}.gif">' for number in range(count))
    row = inbound(letter, written=written)
    page = shown(agent, letter)
    assert (f"{notice} not loaded. Load images" in text_of(page)) == bool(notice)
    link = f'<a href="{of(row, "body")}?images=load" target="mail-{row.message_id}" data-load-images>'
    assert (link in markup_of(page)) == bool(notice)
    assert f'name="mail-{row.message_id}"' in markup_of(page)


def test_a_height_follows_the_text() -> None:
    short, long = mails.height("Hi"), mails.height("word " * 200)
    assert mails.LOWEST <= short < long < mails.HIGHEST
    assert mails.height("line\n" * 10_000) == mails.height("x" * 10**6) == mails.HIGHEST
    assert mails.height("Hi", pictures=1) > short
    assert mails.height("word " * 60, line_length=mails.NARROW) > mails.height("word " * 60)


def test_mails_cost_one_question_whatever_their_number_and_nothing_elsewhere(
    agent: Client, letter: Conversation, conversation: Conversation
) -> None:
    headers = {**HTMX, "HX-Target": "open"}

    def asked(of: Conversation) -> int:
        return queries_of(lambda: agent.get(f"/w/acme/inbox/{of.number}?view=open", headers=headers))

    without = asked(conversation)
    inbound(letter, written="<p>Hello</p>")
    one = asked(letter)
    for number in range(20):
        inbound(letter, f"Again {number}", written="<p>Again</p>")
    assert asked(letter) == one
    assert asked(conversation) == without


SIGNED = (
    b"From: Ada <ada@x.example>\nTo: support@acme.example\nSubject: Signed\nMessage-ID: <s@x.example>\nMIME-Version: 1.0\n"
    b'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary="b"\n\n--b\n'
    b"Content-Type: text/plain\n\nIt never came.\n--b\nContent-Type: application/pgp-signature; name=signature.asc\n\n"
    b"-----BEGIN PGP SIGNATURE-----\n--b--\n"
)
ENCRYPTED = (
    b"From: Ada <ada@x.example>\nTo: support@acme.example\nSubject: Secret\nMessage-ID: <e@x.example>\nMIME-Version: 1.0\n"
    b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\n\n--b\n'
    b"Content-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream; name=encrypted.asc\n\n"
    b"-----BEGIN PGP MESSAGE-----\n--b--\n"
)


@pytest.mark.parametrize(
    ("raw", "notice", "file"),
    [
        (SIGNED, "This mail is signed. The signature was not checked.", "signature.asc Signature"),
        (ENCRYPTED, "This mail is encrypted. Download it", "encrypted.asc Signature"),
    ],
)
def test_a_signed_or_encrypted_mail_says_so_and_is_there_as_it_came(
    agent: Client, box: Mailbox, raw: bytes, notice: str, file: str
) -> None:
    with tenancy.scope(box.workspace):
        row = receiving.accept(mailbox=box, raw=raw, source=MailSource.COMMAND)
    assert row.conversation is not None, row.reason
    page = text_of(shown(agent, row.conversation))
    assert notice in page
    assert file in page
    assert agent.get(of(row, "eml")).getvalue() == raw  # type: ignore[attr-defined]


def test_a_mail_that_is_too_large_to_be_kept_whole_says_so(agent: Client, box: Mailbox) -> None:
    with tenancy.scope(box.workspace):
        raw = b"From: Ada <ada@x.example>\nTo: support@acme.example\nSubject: Big\n\nSee the pictures"
        row = receiving.accept(mailbox=box, raw=raw, source=MailSource.IMAP, uid=1, uid_validity=1, is_cut=True)
    assert row.conversation is not None, row.reason
    assert contents.TOO_LARGE in text_of(shown(agent, row.conversation))
