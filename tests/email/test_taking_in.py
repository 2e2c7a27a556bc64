"""What becomes of a mail: it joins its conversation by proof, begins one, or is set aside with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import clock
from accounts.models import Event, Workspace
from conversations import actions
from conversations.channels.email import ids, receiving, tokens
from conversations.models import (
    BlockedSender,
    Channel,
    Conversation,
    Delivery,
    DeliveryState,
    DeliveryStatus,
    Handler,
    InboundMail,
    Mailbox,
    MailSource,
    MailState,
    Message,
    Proof,
    Status,
    SuppressedAddress,
    Tally,
)
from tests.conftest import Member
from tests.email.letters import attached, letter
from tests.factories import MailboxFactory

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def mailbox(acme: Workspace) -> Mailbox:
    return MailboxFactory(workspace=acme, address="support@acme.example")


def take_in(mailbox: Mailbox, raw: bytes, **how: Any) -> InboundMail:
    return receiving.accept(mailbox=mailbox, raw=raw, source=MailSource.COMMAND, **how)


def conversation_of(mail: InboundMail) -> Conversation:
    assert mail.state == MailState.READ, (mail.state, mail.code, mail.reason)
    assert mail.conversation is not None
    return Conversation.objects.get(pk=mail.conversation_id)


def answered(conversation: Conversation, by: Member, text: str = "We will send a new one.") -> Message:
    return actions.reply(conversation=conversation, body=text, by=by.actor, at=clock.now())


def test_mail_begins_a_conversation_with_its_sender(mailbox: Mailbox) -> None:
    mail = take_in(mailbox, attached(letter(cc="Bo <bo@example.com>"), ("photo.bin", b"\x00\x01")))
    conversation = conversation_of(mail)
    assert (conversation.subject, conversation.channel, conversation.status) == (
        "Broken lamp",
        Channel.EMAIL,
        Status.OPEN,
    )
    assert (conversation.contact.email, conversation.contact.name) == ("ada@example.com", "Ada Customer")
    assert (conversation.unread_count, conversation.mailbox, conversation.cc) == (1, mailbox, ["bo@example.com"])
    message = Message.objects.get()
    assert (message.body, [file.name for file in message.attachments.all()]) == (
        "Hello, my lamp is broken.",
        ["photo.bin"],
    )
    assert (mail.proof, mail.message_id) == (Proof.NEW, message.pk)
    with mail.raw.open("rb") as file:
        assert b"Hello, my lamp is broken." in file.read()


def test_same_mail_again_is_not_doubled(mailbox: Mailbox, acme: Workspace) -> None:
    raw = letter()
    first = take_in(mailbox, raw)
    assert take_in(mailbox, raw).pk == first.pk
    other = MailboxFactory(workspace=acme, address="sales@acme.example")
    copy = take_in(other, b"Delivered-To: sales@acme.example\r\n" + raw)
    assert (copy.state, copy.code, copy.conversation_id) == (MailState.IGNORED, "duplicate", first.conversation_id)
    assert Message.objects.count() == 1


def test_mails_of_a_program_that_gives_all_of_them_one_id_are_all_kept(mailbox: Mailbox) -> None:
    for text in ("One.", "Two."):
        assert take_in(mailbox, letter(text, message_id="<always@same>")).state == MailState.READ
    assert {message.body for message in Message.objects.all()} == {"One.", "Two."}


@pytest.mark.parametrize("proof", [Proof.REPLY_ADDRESS, Proof.IN_REPLY_TO, Proof.REFERENCES, Proof.MARKER])
def test_answer_joins_by_one_proof_alone(mailbox: Mailbox, ben: Member, proof: Proof) -> None:
    conversation = conversation_of(take_in(mailbox, letter()))
    sent = answered(conversation, ben)
    own = ids.message_id(sent.public_id, mailbox.address)
    answers = {
        Proof.REPLY_ADDRESS: letter(
            "Thanks!", to=tokens.address(mailbox.address, tokens.Kind.MESSAGE, sent.pk).upper()
        ),
        Proof.IN_REPLY_TO: letter("Thanks!", In_Reply_To=own),
        Proof.REFERENCES: letter("Thanks!", References=f"<unknown@x.example> {own} <other@x.example>"),
        Proof.MARKER: letter(f"Thanks!\n\n> We will send a new one.\n>\n> {tokens.marker(sent.pk)}\n"),
    }
    mail = take_in(mailbox, answers[proof])
    assert (mail.proof, mail.conversation, mail.is_stranger) == (proof, conversation, False)
    assert Message.objects.latest("pk").body == "Thanks!"
    assert Conversation.objects.get().status == Status.OPEN


def test_answer_to_a_mail_of_the_customers_own_joins_it(mailbox: Mailbox) -> None:
    first = take_in(mailbox, letter(message_id="<first@example.com>"))
    second = take_in(mailbox, letter("And the cable.", In_Reply_To="<first@example.com>"))
    assert (second.proof, second.conversation) == (Proof.REFERENCES, first.conversation)


def test_answer_to_a_mail_that_only_another_one_names_joins_where_that_is(mailbox: Mailbox) -> None:
    first = take_in(mailbox, letter(References="<between@example.com>"))
    second = take_in(mailbox, letter("Also this.", In_Reply_To="<between@example.com>"))
    assert second.conversation == first.conversation
    stranger = take_in(mailbox, letter("Me too.", sender="Eve <eve@evil.example>", In_Reply_To="<between@example.com>"))
    assert (stranger.proof, stranger.suggested) == (Proof.NEW, first.conversation)
    assert stranger.conversation != first.conversation


def test_subject_alone_joins_nothing_and_is_a_suggestion(mailbox: Mailbox) -> None:
    first = take_in(mailbox, letter())
    again = take_in(mailbox, letter("Any news?", subject="Re: Broken lamp"))
    assert (again.proof, again.suggested) == (Proof.NEW, first.conversation)
    stranger = take_in(mailbox, letter("Any news?", subject="Re: Broken lamp", sender="eve@evil.example"))
    assert (stranger.proof, stranger.suggested) == (Proof.NEW, None)


def test_empty_ids_match_nothing(mailbox: Mailbox) -> None:
    for text in ("One.", "Two."):
        mail = take_in(mailbox, letter(text, message_id="<>", In_Reply_To="<>", References="<> <>"))
        assert mail.proof == Proof.NEW
    assert Conversation.objects.count() == 2


def test_unknown_sender_with_a_strong_proof_joins_and_is_marked(mailbox: Mailbox, ben: Member) -> None:
    conversation = conversation_of(take_in(mailbox, letter()))
    own = ids.message_id(answered(conversation, ben).public_id)
    mail = take_in(mailbox, letter("I am her boss.", sender="Boss <boss@example.com>", In_Reply_To=own))
    assert (mail.conversation, mail.is_stranger) == (conversation, True)
    assert Message.objects.latest("pk").sender_email == "boss@example.com"
    assert Conversation.objects.get().contact.email == "ada@example.com"


def test_token_of_another_desk_or_a_changed_one_proves_nothing(mailbox: Mailbox, ben: Member, settings: Any) -> None:
    conversation = conversation_of(take_in(mailbox, letter()))
    sent = answered(conversation, ben)
    token = tokens.token(tokens.Kind.MESSAGE, sent.pk)
    changed = ("a" if token[0] != "a" else "b") + token[1:]
    mail = take_in(mailbox, letter("Hi", to=f"support+{changed}@acme.example"))
    assert mail.proof == Proof.NEW
    with_old_key = letter("Hello", to=f"support+{token}@acme.example")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert take_in(mailbox, with_old_key).proof == Proof.REPLY_ADDRESS


def test_customer_who_writes_in_a_closed_conversation_begins_one_that_follows(mailbox: Mailbox, ben: Member) -> None:
    conversation = conversation_of(take_in(mailbox, letter()))
    own = ids.message_id(answered(conversation, ben).public_id)
    actions.set_status(conversation=conversation, status=Status.CLOSED, by=ben.actor, at=clock.now())
    mail = take_in(mailbox, letter("It broke again.", In_Reply_To=own))
    assert mail.conversation is not None
    assert mail.conversation != conversation
    assert mail.conversation.follows == conversation
    assert Conversation.objects.get(pk=conversation.pk).status == Status.CLOSED


def test_note_of_absence_is_in_the_thread_and_reopens_nothing(mailbox: Mailbox, ben: Member) -> None:
    conversation = conversation_of(take_in(mailbox, letter()))
    own = ids.message_id(answered(conversation, ben).public_id)
    absent = letter("I am away.", subject="Out of office", In_Reply_To=own, Auto_Submitted="auto-replied")
    mail = take_in(mailbox, absent)
    row = Conversation.objects.get()
    assert (mail.conversation, mail.code) == (conversation, "automatic")
    assert (row.status, row.unread_count, row.message_count) == (Status.PENDING, 0, 3)


def test_two_programs_that_answer_each_other_stop(mailbox: Mailbox, ben: Member) -> None:
    own = ids.message_id(answered(conversation_of(take_in(mailbox, letter())), ben).public_id)
    for number in range(20):
        take_in(mailbox, letter(f"Ticket {number}", In_Reply_To=own, Auto_Submitted="auto-replied"))
    assert Conversation.objects.get().message_count == 2 + 5
    assert InboundMail.objects.filter(code="loop", state=MailState.IGNORED).count() == 15


def test_spam_is_in_no_list_and_opens_no_clock(mailbox: Mailbox, acme: Workspace) -> None:
    BlockedSender.objects.create(workspace=acme, pattern="@bad.example")
    for raw in (letter(X_Spam_Flag="YES"), letter(sender="x@bad.example")):
        row = conversation_of(take_in(mailbox, raw))
        assert row.handler == Handler.NOBODY
    assert not Tally.objects.filter(open__gt=0).exists()


def test_mail_of_the_desk_itself_is_ignored(mailbox: Mailbox) -> None:
    mail = take_in(mailbox, letter(sender="Support <support@acme.example>"))
    assert (mail.state, mail.code) == (MailState.IGNORED, "own_mail")
    relayed = take_in(mailbox, letter(sender="Shop <support@acme.example>", Reply_To="Ada <ada@example.com>"))
    assert conversation_of(relayed).contact.email == "ada@example.com"


@pytest.mark.parametrize("raw", [b"", b"\x00" * 100, b"\xff\xfe" * 1000, b"From: ((((((" + b"(" * 5000])
def test_bytes_that_are_no_mail_stop_nothing(mailbox: Mailbox, raw: bytes) -> None:
    mail = take_in(mailbox, raw)
    assert mail.state in (MailState.QUARANTINED, MailState.READ)
    assert mail.state != MailState.QUARANTINED or mail.reason
    assert take_in(mailbox, letter()).state == MailState.READ


def test_mail_that_fails_is_quarantined_with_its_reason_and_can_be_tried_again(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from conversations.channels.email.actions import taking_in

    def fail(**values: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(taking_in.actions, "start", fail)
        mail = take_in(mailbox, letter())
    assert (mail.state, mail.code) == (MailState.QUARANTINED, "failed")
    assert "ZeroDivisionError" in mail.reason
    assert Event.objects.filter(type="inbound_mail.quarantined").count() == 1
    InboundMail.objects.update(state=MailState.STORED)
    assert receiving.process(InboundMail.objects.get()).state == MailState.READ


def bounce(
    message_id: str, *, status: str = "5.1.1", action: str = "failed", to: str = "support@acme.example"
) -> bytes:
    """A report of delivery as mail servers write it (RFC 3464)."""
    return (
        "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.com>\n"
        f"To: {to}\nSubject: Undelivered Mail Returned to Sender\nMessage-ID: <b{hash(message_id)}@mx.example.com>\n"
        'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nYour mail could not be delivered.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n"
        f"Final-Recipient: rfc822; ada@example.com\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; 550 {status} no such user\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id}\n\n--b--\n"
    ).encode()


@pytest.mark.parametrize("by_token", [False, True])
def test_report_of_delivery_marks_its_message_and_suppresses_the_recipient(
    mailbox: Mailbox, ben: Member, by_token: bool
) -> None:
    conversation = conversation_of(take_in(mailbox, letter()))
    sent = answered(conversation, ben)
    own = "<rewritten@relay.example>" if by_token else ids.message_id(sent.public_id)
    to = tokens.address(mailbox.address, tokens.Kind.RETURN, sent.pk) if by_token else mailbox.address
    mail = take_in(mailbox, bounce(own, to=to))
    assert (mail.state, mail.code, mail.conversation) == (MailState.IGNORED, "bounce", conversation)
    sent.refresh_from_db()
    assert sent.delivery_status == DeliveryStatus.FAILED
    delivery = Delivery.objects.get(message=sent)
    assert (delivery.state, delivery.code) == (DeliveryState.FAILED, "bounced")
    assert delivery.reason
    suppressed = SuppressedAddress.objects.get()
    assert (suppressed.address, suppressed.code) == ("ada@example.com", "5.1.1")
    assert Conversation.objects.get().message_count == 2


def test_report_of_a_delay_changes_nothing(mailbox: Mailbox, ben: Member) -> None:
    sent = answered(conversation_of(take_in(mailbox, letter())), ben)
    mail = take_in(mailbox, bounce(ids.message_id(sent.public_id), status="4.4.1", action="delayed"))
    sent.refresh_from_db()
    assert (mail.code, sent.delivery_status) == ("bounce", DeliveryStatus.SENDING)
    assert not SuppressedAddress.objects.exists()


def test_report_about_an_unknown_mail_is_noted_and_shown_to_nobody(mailbox: Mailbox) -> None:
    mail = take_in(mailbox, bounce("<unknown@elsewhere.example>"))
    assert (mail.state, mail.code, Conversation.objects.count()) == (MailState.IGNORED, "bounce", 0)


def test_failure_after_days_of_trying_marks_the_message_and_suppresses_nobody(mailbox: Mailbox, ben: Member) -> None:
    sent = answered(conversation_of(take_in(mailbox, letter())), ben)
    take_in(mailbox, bounce(ids.message_id(sent.public_id), status="4.4.7"))
    sent.refresh_from_db()
    assert sent.delivery_status == DeliveryStatus.FAILED
    assert not SuppressedAddress.objects.exists()


def test_answer_to_a_conversation_that_was_joined_is_in_the_other_one(mailbox: Mailbox, ben: Member) -> None:
    first = conversation_of(take_in(mailbox, letter()))
    own = ids.message_id(answered(first, ben).public_id)
    other = conversation_of(take_in(mailbox, letter("About the same.", subject="Again")))
    actions.join(conversation=first, into=other, by=ben.actor, at=clock.now())
    mail = take_in(mailbox, letter("Thanks!", In_Reply_To=own))
    assert (mail.conversation, mail.is_stranger) == (other, False)
    late = take_in(mailbox, letter("Thanks!", to=tokens.address(mailbox.address, tokens.Kind.CONVERSATION, first.pk)))
    assert late.conversation == other


def test_next_mail_follows_the_message_that_was_moved(mailbox: Mailbox, ben: Member) -> None:
    first = conversation_of(take_in(mailbox, letter(message_id="<one@example.com>")))
    wrong = take_in(mailbox, letter("Another matter.", In_Reply_To="<one@example.com>", message_id="<two@example.com>"))
    assert wrong.message is not None
    new = actions.split(message=wrong.message, by=ben.actor, at=clock.now())
    follow = take_in(mailbox, letter("More of it.", In_Reply_To="<two@example.com>"))
    assert follow.conversation_id == getattr(new, "pk", None) != first.pk


def test_stranger_stays_one_and_brings_nobody_along(mailbox: Mailbox, ben: Member) -> None:
    conversation = conversation_of(take_in(mailbox, letter()))
    own = ids.message_id(answered(conversation, ben).public_id)
    for sender in ("evil@bad.example", "evil@bad.example", f"Ben <{ben.user.email}>"):
        raw = letter("Send it to my friend, too.", sender=sender, cc="friend@bad.example", In_Reply_To=own)
        mail = take_in(mailbox, raw)
        assert (mail.conversation, mail.is_stranger) == (conversation, True)
    assert Conversation.objects.get(pk=conversation.pk).cc == []
    marked = take_in(mailbox, letter("Buy!", sender="evil@bad.example", In_Reply_To=own, X_Spam_Flag="YES"))
    assert conversation_of(marked).handler == Handler.NOBODY


def test_conversation_that_is_split_off_is_with_who_wrote_it(mailbox: Mailbox, ben: Member) -> None:
    conversation = conversation_of(take_in(mailbox, letter(cc="bo@example.com")))
    own = ids.message_id(answered(conversation, ben).public_id)
    other = take_in(mailbox, letter("I am somebody else.", sender="Eve <eve@other.example>", In_Reply_To=own))
    assert other.message is not None
    new = actions.split(message=other.message, by=ben.actor, at=clock.now())
    assert (new.contact.email, new.cc) == ("eve@other.example", [])


def test_report_about_somebody_to_whom_the_mail_never_went_is_not_believed(mailbox: Mailbox, ben: Member) -> None:
    sent = answered(conversation_of(take_in(mailbox, letter())), ben)
    forged = bounce(ids.message_id(sent.public_id)).replace(b"ada@example.com", b"innocent@big.example")
    take_in(mailbox, forged)
    sent.refresh_from_db()
    assert sent.delivery_status == DeliveryStatus.SENDING
    assert not SuppressedAddress.objects.exists()


def test_answers_go_where_the_sender_wants_them_within_their_domain(mailbox: Mailbox) -> None:
    near = take_in(mailbox, letter(sender="shop@firm.example", Reply_To="Ann <ann@firm.example>"))
    assert conversation_of(near).contact.email == "ann@firm.example"
    far = take_in(mailbox, letter("Other.", sender="ada@example.com", Reply_To="bank@elsewhere.example"))
    assert conversation_of(far).contact.email == "ada@example.com"
    assert "bank@elsewhere.example" in far.problems[0]


def test_names_that_turn_their_direction_are_shown_as_they_are(mailbox: Mailbox) -> None:
    mail = take_in(mailbox, letter(sender="\u202egnp <a@example.com>", subject="\u202eexe.txt"))
    assert (mail.from_name, conversation_of(mail).subject) == ("gnp", "exe.txt")
