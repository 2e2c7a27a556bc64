"""The webhook of a mailbox: what each provider posts comes in once, what is signed wrong is refused, and nothing answers 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as made_up
from hypothesis import strategies as st

from accounts import clock
from accounts.errors import Invalid
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.channels.email import actions, health, receiving, storing, tokens
from conversations.channels.email.ingress import providers, views
from conversations.channels.email.ingress.calls import Call
from conversations.models import Conversation, Inbound, InboundMail, Mailbox, MailSource, MailState, Message, Proof
from tests.commands.test_operator_commands import run
from tests.email import calls
from tests.email.letters import letter
from tests.factories import MailboxFactory

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def mailbox(acme: Workspace) -> Mailbox:
    return MailboxFactory(workspace=acme, address="support@acme.example", inbound=Inbound.INGRESS)


def only() -> InboundMail:
    mail = InboundMail.objects.get()
    assert mail.state == MailState.READ, (mail.code, mail.reason)
    return mail


def now_of(mailbox: Mailbox) -> Mailbox:
    return Mailbox.objects.get(pk=mailbox.pk)


def names(mail: InboundMail) -> set[str]:
    assert mail.message is not None
    return {file.name for file in mail.message.attachments.all()}


def with_key(mailbox: Mailbox, **keys: str) -> Mailbox:
    by = Actor.system(mailbox.workspace_id)
    return actions.set_provider_keys(mailbox=mailbox, keys=keys, by=by, at=clock.now())


# --- What comes in --------------------------------------------------------------------------------


def test_mail_that_postmark_takes_apart_comes_in_whole(mailbox: Mailbox) -> None:
    assert calls.post(mailbox, calls.postmark()).status_code == 200
    mail = only()
    assert (mail.source, mail.from_address, mail.from_name) == (
        MailSource.INGRESS,
        "ada@example.com",
        'Ada "A" Cüstomer',
    )
    assert (mail.subject, mail.cc, mail.identifier) == (
        "Kaputte Lampe ☂",
        [["", "bo@example.com"]],
        "postmark-1@example.com",
    )
    assert mail.message is not None
    assert mail.message.body == "Meine Lampe ist kaputt."
    assert "<b>kaputt</b>" in mail.html
    assert names(mail) == {"Rechnung ü.pdf", "photo.png"}
    assert now_of(mailbox).received_at is not None


def test_raw_mail_is_preferred_where_postmark_sends_it(mailbox: Mailbox) -> None:
    calls.post(mailbox, calls.postmark(letter("As it was written.", subject="Raw")))
    mail = only()
    assert (mail.subject, Message.objects.get().body) == ("Raw", "As it was written.")
    with mail.raw.open("rb") as file:
        assert file.read().startswith(b"Return-Path: <ada@example.com>\r\nDelivered-To: support@acme.example\r\n")


def test_mail_of_mailgun_comes_in_taken_apart_and_raw(mailbox: Mailbox) -> None:
    assert calls.post(mailbox, calls.mailgun()).status_code == 200
    mail = only()
    assert (mail.subject, mail.identifier, names(mail)) == ("Broken lamp", "mailgun-1@example.com", {"büro.txt"})
    assert calls.post(mailbox, calls.mailgun_mime(letter("Raw."))).status_code == 200
    assert Message.objects.latest("pk").body == "Raw."


def test_mail_of_sendgrid_comes_in_taken_apart_and_raw(mailbox: Mailbox) -> None:
    assert calls.post(mailbox, calls.sendgrid()).status_code == 200
    mail = only()
    assert (mail.subject, mail.identifier, names(mail)) == ("Broken lamp", "sendgrid-1@example.com", {"a.txt"})
    assert calls.post(mailbox, calls.sendgrid_raw(letter("Raw.").decode())).status_code == 200
    assert Message.objects.latest("pk").body == "Raw."


def test_text_of_sendgrid_is_read_in_the_charset_that_it_names(mailbox: Mailbox) -> None:
    call = calls.sendgrid(charsets=json.dumps({"text": "iso-8859-1"}), html="", text="@@")
    call["data"] = call["data"].replace(b"@@", "Grüße aus Köln".encode("iso-8859-1"))
    calls.post(mailbox, call)
    assert only().message.body == "Grüße aus Köln"  # type: ignore[union-attr]


def test_bare_mail_comes_in_whatever_it_is_called(mailbox: Mailbox) -> None:
    for kind in ("message/rfc822", "text/plain", "application/octet-stream"):
        assert calls.post(mailbox, calls.bare(letter(f"As {kind}."), kind)).status_code == 200
    assert Message.objects.filter(body__startswith="As ").count() == 3


@pytest.mark.parametrize("provider", list(providers.ALL))
def test_provider_may_be_named_in_the_path(mailbox: Mailbox, provider: str) -> None:
    call = {
        "postmark": calls.postmark(),
        "mailgun": calls.mailgun(),
        "sendgrid": calls.sendgrid(),
        "mime": calls.bare(letter()),
        "amazon_ses": calls.as_json(calls.ses_received(letter())),
        "resend": calls.as_json({"type": "email.opened", "data": {}}),
    }[provider]
    assert calls.post(mailbox, call, provider).status_code == 200
    assert InboundMail.objects.filter(state=MailState.READ).count() == (provider != "resend")


def test_address_of_mailgun_may_end_in_mime(mailbox: Mailbox) -> None:
    assert calls.post(mailbox, calls.mailgun_mime(letter("Raw.")), "mailgun_mime").status_code == 200
    assert only().message.body == "Raw."  # type: ignore[union-attr]


def test_answer_finds_its_conversation_by_the_recipient_of_the_envelope(mailbox: Mailbox) -> None:
    calls.post(mailbox, calls.bare(letter()))
    conversation = Conversation.objects.get()
    tagged = tokens.address(mailbox.address, tokens.Kind.CONVERSATION, conversation.pk)
    calls.post(mailbox, calls.postmark(OriginalRecipient=tagged))
    mail = InboundMail.objects.latest("pk")
    assert (mail.proof, mail.conversation) == (Proof.REPLY_ADDRESS, conversation)


def test_what_the_provider_calls_spam_is_spam(mailbox: Mailbox) -> None:
    calls.post(mailbox, calls.as_json(calls.ses_received(letter(), spamVerdict={"status": "FAIL"})))
    assert only().code == "spam"


@pytest.mark.parametrize("call", [calls.postmark(), calls.mailgun(), calls.sendgrid(), calls.bare(letter())])
def test_call_that_is_repeated_brings_nothing_twice(mailbox: Mailbox, call: calls.Post) -> None:
    for _ in range(3):
        assert calls.post(mailbox, call).status_code == 200
    assert (InboundMail.objects.count(), Message.objects.count()) == (1, 1)


def test_paused_mailbox_keeps_mails_and_reads_them_afterwards(mailbox: Mailbox) -> None:
    by = Actor.system(mailbox.workspace_id)
    actions.pause_mailbox(mailbox=mailbox, by=by, at=clock.now())
    assert calls.post(mailbox, calls.postmark()).status_code == 200
    InboundMail.objects.update(received_at=clock.now() - receiving.ABANDONED * 2)
    assert (receiving.process_waiting(), InboundMail.objects.get().state) == (0, MailState.STORED)
    actions.resume_mailbox(mailbox=now_of(mailbox), by=by, at=clock.now())
    assert (receiving.process_waiting(), only().state) == (1, MailState.READ)


# --- What does not --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["wrong", "wrong/postmark", "%00", "ü"])
def test_unknown_secret_is_not_found(mailbox: Mailbox, path: str) -> None:
    assert Client().post(f"/mail/ingress/{path}", b"x", content_type="text/plain").status_code == 404
    assert Client().get(f"/mail/ingress/{path}").status_code == 404


def test_address_of_before_and_unknown_provider_are_not_found(mailbox: Mailbox) -> None:
    assert calls.post(mailbox, calls.postmark(), "smoke-signals").status_code == 404
    assert Client().head(f"/mail/ingress/{mailbox.secrets['ingress']}").status_code == 200
    actions.change_ingress(mailbox=mailbox, by=Actor.system(mailbox.workspace_id), at=clock.now())
    assert calls.post(mailbox, calls.postmark()).status_code == 404


def test_mailgun_call_that_is_signed_wrong_is_refused_and_the_health_says_so(mailbox: Mailbox) -> None:
    mailbox = with_key(mailbox, mailgun_signing_key="another key")
    assert calls.post(mailbox, calls.mailgun("key")).status_code == 403
    found = health.as_json(health.of_mailbox(now_of(mailbox), clock.now()), clock.now())
    assert found["refused"]["not_signed"]["count"] == 1
    assert "signature" in found["failure"]
    assert not InboundMail.objects.exists()
    assert calls.post(mailbox, calls.mailgun("another key")).status_code == 200
    assert now_of(mailbox).failing_since is None


def test_with_a_signing_key_nobody_gets_in_by_calling_himself_another_provider(mailbox: Mailbox) -> None:
    mailbox = with_key(mailbox, mailgun_signing_key="key")
    for call in (calls.bare(letter()), calls.postmark(), calls.sendgrid(), calls.bare(b"???")):
        assert calls.post(mailbox, call).status_code == 403
    assert not InboundMail.objects.exists()


def test_password_is_asked_for_where_there_is_one(mailbox: Mailbox) -> None:
    mailbox = with_key(mailbox, webhook_password="desk:hush")
    answer = calls.post(mailbox, calls.postmark())
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Basic realm="mail"')
    assert calls.post(mailbox, {**calls.postmark(), "headers": calls.basic("desk:no")}).status_code == 401
    assert calls.post(mailbox, {**calls.postmark(), "headers": {"Authorization": "Basic %%%"}}).status_code == 401
    assert calls.post(mailbox, {**calls.postmark(), "headers": calls.basic("desk:hush")}).status_code == 200
    assert only()


def test_what_is_no_mail_is_kept_and_set_aside_with_the_reason(mailbox: Mailbox) -> None:
    for call in (calls.as_json({"hello": 1}), calls.bare(b"\x00\xff\x00", "image/png"), calls.as_form({"a": "b"})):
        assert calls.post(mailbox, call).status_code == 200
    assert calls.post(mailbox, calls.mailgun(), "postmark").status_code == 200
    rows = InboundMail.objects.values_list("state", "code")
    assert list(rows) == [(MailState.QUARANTINED, "not_understood")] * 4
    for mail in InboundMail.objects.exclude(size=3).order_by("pk"):  # tried again, it is still none
        mail = actions.retry_mail(mail=mail, by=Actor.system(mailbox.workspace_id), at=clock.now())
        assert receiving.process(mail).state == MailState.QUARANTINED
    assert not Message.objects.exists()
    assert calls.post(mailbox, calls.bare(b"", "text/plain")).status_code == 200
    assert InboundMail.objects.count() == 4


def test_mailgun_route_that_stores_is_set_aside_with_what_to_change(mailbox: Mailbox) -> None:
    calls.post(mailbox, calls.as_form({**calls.mailgun_signature(), "message-url": "https://x", "recipient": "a@b.c"}))
    assert "forward()" in InboundMail.objects.get().reason


def test_call_that_is_too_large_is_refused_and_noted(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "LARGEST", 1000)
    assert calls.post(mailbox, calls.bare(letter("x" * 2000))).status_code == 413
    assert now_of(mailbox).refusals["too_large"]["count"] == 1


def test_body_larger_than_what_other_calls_may_send_is_taken(mailbox: Mailbox, settings: Any) -> None:
    large = "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1000)
    for call in (calls.postmark(TextBody=large), calls.mailgun_mime(letter(large)), calls.bare(letter(large))):
        assert calls.post(mailbox, call).status_code == 200
    assert InboundMail.objects.filter(state=MailState.READ).count() == 3


@pytest.mark.usefixtures("no_time_passes_for_limits")
def test_too_many_calls_are_asked_to_come_later(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "calls", views.Buckets(1, at_once=2))
    answers = [calls.post(mailbox, calls.bare(letter())) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert int(answers[-1]["Retry-After"]) > 0


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), OperationalError("gone")])
def test_what_cannot_be_kept_at_present_is_asked_for_again(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(**values: Any) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(storing, "keep", fail)
        answer = calls.post(mailbox, calls.postmark())
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert calls.post(mailbox, calls.postmark()).status_code == 200
    assert only()


def test_webhook_sets_no_cookies(mailbox: Mailbox) -> None:
    assert not calls.post(mailbox, calls.bare(letter())).cookies


# --- Hostile calls --------------------------------------------------------------------------------

HOSTILE: list[calls.Post] = [
    calls.postmark(FromFull={"Email": "(" * 3000, "Name": "(" * 30000}),
    calls.postmark(FromFull=7, ToFull={"x": 1}, Headers="no", Attachments=[1, {"Content": "%%%"}, {"Content": 4}]),
    calls.postmark(Headers=[{"Name": "X\r\nBcc", "Value": "a\r\nBcc: b"}, {"Name": "", "Value": None}, 3]),
    calls.postmark(Subject="\ud800 half", TextBody="\x00\ud800", FromFull={"Email": "a\ud800@b.c", "Name": "\ud800"}),
    calls.postmark(RawEmail="From: " + "(" * 3000 + "\r\n\r\nx\ud800"),
    calls.postmark(RecordType=["x"]),
    calls.postmark_bounce("\ud800", kind="Nonsense", BouncedAt="never", Metadata=None),
    calls.mailgun(**{"message-headers": "[[1, 2], null, [\"From\"]]", "content-id-map": "[]", "attachment-count": "many"}),
    calls.mailgun(**{"message-headers": "[" * 100_000}),
    calls.as_json({"event-data": [], "signature": 4}),
    calls.as_json({"event-data": {"event": ["failed"]}, "signature": {"token": "\ud800"}}),
    calls.sendgrid(headers="no colon\n\n\n: \n", envelope="[]", charsets='{"text": "no-such", "html": 5}', **{"attachment-info": "7"}),
    calls.as_json([{"event": "bounce", "email": None}, 5, {"event": None, "email": 1}]),
    calls.as_json({"notificationType": "Received", "mail": 5, "receipt": [], "content": "%"}),
    calls.as_json({"notificationType": "Bounce", "mail": {"headers": [1]}, "bounce": {"bouncedRecipients": 5}}),
    calls.as_json({"TopicArn": 1, "Type": [], "SigningCertURL": "https://sns.x"}),
    calls.as_json({"type": "email.received", "data": {"email_id": ["x"]}}),
    calls.as_json({"type": "email.bounced", "data": 5}),
    {"data": b"[" * 200_000, "content_type": calls.JSON},
    {"data": b'{"MessageID": "x", "FromFull": ' + b'{"a":' * 50_000, "content_type": calls.JSON},
    {"data": b"--x\r\n" * 5000, "content_type": "multipart/form-data; boundary=x"},
    {"data": b"--x\r\nContent-Disposition: form-data; name=email\r\n\r\n", "content_type": 'multipart/form-data; boundary="x'},
    {"data": b"a=1&" * 5000, "content_type": "application/x-www-form-urlencoded"},
    {"data": b"%ff=%00&body-mime=%00&recipient=%ff", "content_type": "application/x-www-form-urlencoded; charset=nope"},
    calls.bare(b"From: " + b"(" * 5000 + b"\r\n\r\nx"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_call_is_answered_and_stops_nothing(mailbox: Mailbox, number: int) -> None:
    assert calls.post(mailbox, HOSTILE[number]).status_code in (200, 403)
    assert calls.post(mailbox, calls.bare(letter("Afterwards."))).status_code == 200
    assert Message.objects.filter(body="Afterwards.").exists()


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
_FIELDS = st.sampled_from([
    "MessageID", "FromFull", "ToFull", "RawEmail", "RecordType", "Headers", "Attachments", "TextBody", "event-data", "signature", "type", "data",
    "notificationType", "mail", "receipt", "content", "TopicArn", "Type", "event", "email", "envelope", "headers", "text", "body-mime", "recipient", "token", "timestamp",
])  # fmt: skip


@made_up(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    given_fields=st.dictionaries(_FIELDS, _VALUES | st.dictionaries(_FIELDS, _VALUES, max_size=3), max_size=6),
    in_list=st.booleans(),
)
def test_made_up_json_is_read_or_set_aside(given_fields: dict[str, Any], in_list: bool) -> None:
    call = Call(json.dumps([given_fields] if in_list else given_fields).encode(), calls.JSON, {})
    provider = providers.of(call)
    if provider is None:
        return
    try:
        for raw in provider.read(call).mails:
            assert isinstance(raw, bytes)
    except (providers.Refused, providers.NotUnderstood):
        pass


@made_up(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    body=st.binary(max_size=200) | st.text(max_size=100).map(str.encode),
    kind=st.sampled_from(["", "x", "text/plain", calls.JSON, "message/rfc822", "multipart/form-data; boundary=b", "application/x-www-form-urlencoded"]),
    name=st.sampled_from(["", *providers.ALL]),
)  # fmt: skip
def test_any_bytes_are_answered(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, body: bytes, kind: str, name: str
) -> None:
    monkeypatch.setattr(views, "calls", views.Buckets(0))
    assert calls.post(mailbox, calls.bare(body, kind), name).status_code in (200, 403)


# --- Keys -----------------------------------------------------------------------------------------


def test_command_sets_and_forgets_a_key(mailbox: Mailbox) -> None:
    for key, kept in (("secret\n", "secret"), ("", None)):
        run("set_provider_key", "--address", mailbox.address, "--name", "mailgun_signing_key", stdin=key)
        assert now_of(mailbox).secrets.get("mailgun_signing_key") == kept


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("webhook_password", "nocolon"),
        ("sendgrid_public_key", "xyz"),
        ("resend_signing_secret", "whsec_%"),
        ("other", "x"),
    ],
)
def test_key_that_cannot_be_one_is_refused_when_it_is_entered(mailbox: Mailbox, name: str, key: str) -> None:
    with pytest.raises(Invalid):
        with_key(mailbox, **{name: key})
