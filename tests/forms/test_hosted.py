"""A hosted form: what a stranger sends becomes one conversation, and what cannot be taken is shown again and not lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.forms import actions
from conversations.models import (
    Attachment,
    Contact,
    Conversation,
    Form,
    FormCount,
    Handler,
    Message,
    Tally,
)
from tests.conftest import Member
from tests.factories import ContactFactory, TeamFactory
from tests.forms.conftest import ANSWERS, Visitor, make, token


def counts() -> dict[str, int]:
    return {row.outcome: row.count for row in FormCount.objects.all()}


def test_what_is_sent_becomes_an_open_conversation(visitor: Visitor, form: Form) -> None:
    answer = visitor.send()
    assert answer.status_code == 303
    row = Conversation.objects.select_related("contact").get()
    assert (row.channel, row.status, row.subject, row.unread_count) == ("form", "open", "The station is offline.", 1)
    assert (row.contact.name, row.contact.email, row.contact.is_verified) == ("Mira Lund", "mira@example.com", False)
    assert row.entry_points.get().adapter == form.key
    assert row.metadata == {"form": "Website"}
    message = Message.objects.get()
    assert (message.body, message.sender_kind, message.sender_contact) == (
        "The station is offline.",
        "customer",
        row.contact,
    )
    assert (Tally.objects.get().open, counts()) == (1, {"accepted": 1})


def test_thanks_name_a_link_that_opens_the_conversation(visitor: Visitor) -> None:
    thanks = visitor.client.get(visitor.send()["Location"])
    assert thanks.status_code == 200
    page = thanks.content.decode()
    assert "We have received your message and will answer soon." in page
    link = page.split('class="button" href="')[1].split('"')[0]
    assert "The station is offline." in visitor.client.get(link).content.decode()


def test_stranger_with_the_address_of_a_customer_is_another_contact(visitor: Visitor, in_acme: Workspace) -> None:
    known = ContactFactory(workspace=in_acme, email="mira@example.com", external_id=None)
    visitor.send()
    assert Conversation.objects.get().contact != known
    assert Contact.objects.filter(email="mira@example.com").count() == 2


def test_answers_to_own_questions_and_consent_are_kept(in_acme: Workspace, visit: Callable[..., Visitor]) -> None:
    form = make(
        in_acme,
        standard={"email": "required", "subject": "required", "message": "optional"},
        questions=[
            {"text": "Order number", "kind": "text", "is_required": True},
            {"text": "Product", "kind": "choice", "choices": ["Mini", "Pro"]},
            {"text": "It is urgent", "kind": "checkbox"},
        ],
        consent="I agree to the privacy policy.",
    )
    sent = visit(form, "?page=https%3A%2F%2Fshop.example%2Fhelp").send(
        subject="Late", message="", q_order_number="A-7", q_product="Pro", q_it_is_urgent="yes", consent="yes"
    )
    assert sent.status_code == 303
    row = Conversation.objects.get()
    assert row.subject == "Late"
    assert Message.objects.get().body == "Order number: A-7\nProduct: Pro\nIt is urgent: ✓"
    assert row.metadata["answers"] == {"Order number": "A-7", "Product": "Pro", "It is urgent": "✓"}
    assert row.metadata["page"] == "https://shop.example/help"
    assert row.metadata["consent"]["text"] == "I agree to the privacy policy."


def test_files_are_kept_with_the_type_of_their_bytes(visitor: Visitor) -> None:
    visitor.send(files=[SimpleUploadedFile("shot.png", b"%PDF-1.4 no picture", "image/png")])
    file = Attachment.objects.get()
    assert (file.name, file.content_type, file.message.body) == (
        "shot.png", "application/pdf", "The station is offline.",
    )  # fmt: skip


def test_team_and_agent_of_the_form_get_its_conversations(
    in_acme: Workspace, ben: Member, visit: Callable[..., Visitor]
) -> None:
    team = TeamFactory(workspace=in_acme)
    visit(make(in_acme, team=team, assignee=ben.user)).send()
    row = Conversation.objects.get()
    assert (row.team, row.assignee) == (team, ben.user)


# --- Sent again ---------------------------------------------------------------------------------


def test_form_that_is_sent_twice_is_one_conversation(visitor: Visitor) -> None:
    answers = {"token": token(visitor.look()), **ANSWERS}
    first, second = visitor.post(answers), visitor.post(answers)
    assert first["Location"].rpartition("/")[0] == second["Location"].rpartition("/")[0]
    assert Conversation.objects.count() == Contact.objects.count() == 1
    assert counts() == {"accepted": 1, "repeated": 1}


def test_corrected_text_on_the_same_page_is_not_lost(visitor: Visitor) -> None:
    answers = {"token": token(visitor.look()), **ANSWERS}
    visitor.post(answers)
    visitor.post({**answers, "message": "The station is online again."})
    assert Conversation.objects.count() == 2


# --- Shown again --------------------------------------------------------------------------------


def test_what_is_missing_or_wrong_has_its_sentence_at_its_field_and_the_text_is_kept(visitor: Visitor) -> None:
    answer = visitor.send(email="mira at home", message="")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<p class="fault" id="email-fault">This is not an email address.</p>' in page
    assert '<p class="fault" id="message-fault">This is missing.</p>' in page
    assert 'value="mira at home"' in page
    assert 'value="Mira Lund"' in page
    assert "<title>Error: Contact us" in page
    assert not Conversation.objects.exists()
    assert counts() == {"invalid": 1}


@pytest.mark.parametrize(
    ("seconds", "outcome", "sentence"),
    [
        pytest.param(1, "too_fast", "Please check your message and send it once more.", id="too fast for a person"),
        pytest.param(25 * 3600, "expired", "This page was open for a long time.", id="a page of yesterday"),
    ],
)
def test_page_that_was_open_too_briefly_or_too_long_is_shown_again_with_its_text(
    visitor: Visitor, moments: Any, seconds: int, outcome: str, sentence: str
) -> None:
    page = visitor.client.get(visitor.address).content.decode()
    moments.shift(timedelta(seconds=seconds))
    again = visitor.post({"token": token(page), **ANSWERS})
    shown = again.content.decode()
    assert again.status_code == 422
    assert sentence in shown
    assert "The station is offline." in shown
    assert counts() == {outcome: 1}
    moments.shift(timedelta(seconds=5))
    assert visitor.post({"token": token(shown), **ANSWERS}).status_code == 303


@pytest.mark.parametrize("given", ["", "nonsense", "a:b:c", "\x00"])
def test_token_that_the_desk_did_not_make_is_shown_again(visitor: Visitor, given: str) -> None:
    answer = visitor.post({"token": given, **ANSWERS})
    assert answer.status_code == 422
    assert "The station is offline." in answer.content.decode()
    assert not Conversation.objects.exists()


def test_token_of_another_form_is_shown_again(
    visitor: Visitor, in_acme: Workspace, visit: Callable[..., Visitor]
) -> None:
    theirs = token(visit(make(in_acme, name="Other")).look())
    assert visitor.post({"token": theirs, **ANSWERS}).status_code == 422


def test_files_have_to_be_chosen_again_and_the_page_says_so(visitor: Visitor) -> None:
    page = visitor.send(message="", files=[SimpleUploadedFile("shot.png", b"x")]).content.decode()
    assert "Please choose your files again." in page


@pytest.mark.usefixtures("no_time_passes_for_limits")
def test_form_that_is_sent_too_often_keeps_the_text(visitor: Visitor) -> None:
    answers = {"token": token(visitor.look()), **ANSWERS}
    codes = [visitor.post({**answers, "message": f"Number {n}"}).status_code for n in range(11)]
    assert codes == [303] * 10 + [429]
    again = visitor.post(answers)
    assert again.status_code == 429
    assert "The station is offline." in again.content.decode()
    assert "Please wait a minute and send it once more." in again.content.decode()
    assert counts() == {"accepted": 10, "rate": 2}


@pytest.mark.usefixtures("no_time_passes_for_limits")
def test_page_is_refused_to_an_address_that_asks_too_often(form: Form) -> None:
    codes = [Client().get(form.path).status_code for _ in range(70)]
    assert codes[:50] == [200] * 50
    assert codes[-1] == 429


# --- Programs -----------------------------------------------------------------------------------


def test_who_fills_in_the_hidden_field_is_thanked_and_kept_as_spam(visitor: Visitor) -> None:
    answer = visitor.send(homepage="https://pills.example")
    assert answer.status_code == 303
    assert visitor.client.get(answer["Location"]).status_code == 200
    assert Conversation.objects.get().handler == Handler.NOBODY
    assert Tally.objects.get().open == 0
    assert counts() == {"spam": 1}


BODIES = {
    "nothing": (b"", "application/x-www-form-urlencoded"),
    "noise": (bytes(range(256)) * 20, "application/x-www-form-urlencoded"),
    "broken percent signs": (b"name=%&email=%zz&message=%ff%fe", "application/x-www-form-urlencoded"),
    "NUL": (b"name=%00&email=a%00@example.com&message=%00", "application/x-www-form-urlencoded"),
    "surrogates": ("message=\ud800x&name=\udfff".encode("utf-8", "surrogatepass"), "application/x-www-form-urlencoded"),
    "too many fields": (b"&".join(b"a%d=1" % n for n in range(5000)), "application/x-www-form-urlencoded"),
    "another charset": (b"message=x", "application/x-www-form-urlencoded; charset=utf-16"),
    "an unknown charset": (b"message=x", "application/x-www-form-urlencoded; charset=nothing"),
    "JSON": (b'{"message": []}', "application/json"),
    "no type": (b"message=x", ""),
    "multipart without boundary": (b"--x\r\n", "multipart/form-data"),
    "multipart that breaks off": (b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\nhal', "multipart/form-data; boundary=x"),
    "multipart of noise": (bytes(range(256)) * 9, "multipart/form-data; boundary=x"),
    "multipart with a bad boundary": (b"x", "multipart/form-data; boundary=" + "y" * 500),
    "multipart in base64 that is none": (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
    "a file where a text belongs": (
        b'--x\r\nContent-Disposition: form-data; name="message"; filename="a"\r\n\r\ntext\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_any_bytes_are_answered_with_the_form(visitor: Visitor, name: str) -> None:
    body, kind = BODIES[name]
    answer = visitor.client.generic("POST", visitor.address, body, kind)
    assert answer.status_code in (400, 422)
    assert "<form" in answer.content.decode()
    assert not Conversation.objects.exists()


HOSTILE = [
    "\x00",
    "\ud800",
    "\u202e evil",
    "a" * 20_000,
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "\r\nBcc: x@y.example",
]


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
@pytest.mark.parametrize("field", ["name", "email", "message", "token", "day", "zone"])
def test_any_text_in_any_field_is_kept_or_refused_in_place(visitor: Visitor, field: str, value: str) -> None:
    value = value.encode("utf-8", "replace").decode()
    answer = visitor.send(**{field: value})
    assert answer.status_code in (303, 422)
    assert b"<script>alert" not in answer.content


def test_text_of_the_page_is_escaped_in_its_own_page(in_acme: Workspace, visit: Callable[..., Visitor]) -> None:
    bad = '"><script>alert(1)</script>'
    form = make(
        in_acme, title=bad, intro=bad, consent=bad, thanks=bad, questions=[{"text": bad, "kind": "choice", "choices": [bad, "b"]}]
    )  # fmt: skip
    visitor = visit(form, f"?embed=1&page={bad}&origin={bad}")
    assert "<script>alert" not in visitor.look()
    loader = visitor.client.get(f"{form.path}/embed.js").content.decode()
    assert "<script" not in loader
    assert "\\u003cscript" in loader


# --- Who may see what ---------------------------------------------------------------------------


def test_unknown_form_is_not_found(db: None) -> None:
    for path in ("/f/nothing", "/f/nothing/embed.js", "/f/nothing/sent/x", "/f/ü"):
        assert Client().get(path).status_code == 404


def test_form_that_is_switched_off_says_so_in_its_language(in_acme: Workspace) -> None:
    form = make(in_acme, language="de", is_active=False)
    page = Client().get(form.path)
    assert page.status_code == 404
    assert "Dieses Formular ist geschlossen" in page.content.decode()
    assert Client().post(form.path, ANSWERS).status_code == 404


def test_pages_set_no_cookies_and_tell_other_sites_nothing(visitor: Visitor) -> None:
    sent = visitor.send()
    thanks = visitor.client.get(sent["Location"])
    link = thanks.content.decode().split('class="button" href="')[1].split('"')[0]
    for answer in (visitor.client.get(visitor.address), sent, thanks, visitor.client.get(link)):
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cache-Control"] == "no-store, private"
        if answer.status_code == 200:
            assert "default-src 'none'" in answer["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
            assert "X-Frame-Options" not in answer


def test_thanks_of_another_workspaces_form_are_not_found(visitor: Visitor, globex: Workspace) -> None:
    sent = visitor.send()["Location"]
    theirs = make(globex)
    assert visitor.client.get(sent.replace(visitor.form.key, theirs.key)).status_code == 404


def test_frame_is_allowed_to_the_forms_origins_alone(in_acme: Workspace, visit: Callable[..., Visitor]) -> None:
    form = make(in_acme, allowed_origins=["https://shop.example", "https://www.shop.example:8443/"])
    visitor = visit(form, "?embed=1&origin=https://shop.example")
    page = visitor.client.get(visitor.address)
    assert page["Content-Security-Policy"].endswith(
        "frame-ancestors https://shop.example https://www.shop.example:8443"
    )
    assert 'data-parent="https://shop.example"' in page.content.decode()
    stranger = visitor.client.get(f"{form.path}?embed=1&origin=https://evil.example")
    assert "data-parent" not in stranger.content.decode()


def test_form_is_changed_and_deleted_and_its_conversations_stay(visitor: Visitor, in_acme: Workspace) -> None:
    link = visitor.send()["Location"].replace(f"/f/{visitor.form.key}/sent/", "/f/c/")
    act: Any = {"by": Actor.system(in_acme.pk), "at": clock.now()}
    actions.update_form(form=visitor.form, title="Write to us", **act)
    assert "Write to us" in visitor.look()
    actions.delete_form(form=visitor.form, **act)
    assert visitor.client.get(visitor.address).status_code == 404
    assert "The station is offline." in visitor.client.get(link).content.decode()
