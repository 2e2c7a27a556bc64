"""A customer writes, the desk fetches it, an agent answers, the customer answers that: on real mail servers."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from accounts import clock
from accounts.models import User
from accounts.permissions import Actor
from conversations import actions
from conversations.actions.entries import Door
from conversations.actions.files import ReceivedFile
from conversations.channels import outbox
from conversations.channels.email import actions as mailbox_actions
from conversations.channels.email import fetching, files, ids, logins
from conversations.channels.email.actions.unseen import mail_unseen
from conversations.channels.email.wire import imap
from conversations.channels.email.wire.endpoints import parse_smtp
from conversations.models import (
    Channel,
    Conversation,
    Delivery,
    DeliveryState,
    DeliveryStatus,
    InboundMail,
    Mailbox,
    MailState,
    Message,
    Proof,
    SuppressedAddress,
)
from tests.conftest import Member
from tests.email.conftest import Post
from tests.email.letters import attached
from tests.factories import ContactFactory, ConversationFactory, MailboxFactory, receive

pytestmark = pytest.mark.usefixtures("in_acme")


def fetch(post: Post) -> int:
    mailbox = Mailbox.objects.get(pk=post.mailbox.pk)
    with imap.connect(*logins.imap(mailbox)) as session:
        return fetching.fetch(mailbox, session)


def parsed(data: bytes) -> EmailMessage:
    found: Any = message_from_bytes(data, policy=default)
    return found


def reply(by: Member, body: str = "Try **this**: https://example.com/a", **how: Any) -> Message:
    conversation = Conversation.objects.latest("pk")
    message = actions.reply(conversation=conversation, body=body, by=by.actor, at=clock.now(), **how)
    outbox.deliver_due()
    message.refresh_from_db()
    return message


def test_question_answer_and_thanks_are_one_conversation(post: Post, ben: Member) -> None:
    post.deliver(post.letter(cc="Bo <bo@example.com>", message_id="<first@example.com>"))
    assert fetch(post) == 1
    message = reply(ben)
    assert message.delivery_status == DeliveryStatus.DELIVERED
    (taken,) = post.outgoing.taken
    assert taken.recipients == ["ada@example.com", "bo@example.com"]
    mail = parsed(taken.data)
    assert mail["Subject"] == "Re: Broken lamp"
    assert mail["From"] == f"Ben · Acme <{post.mailbox.address}>"
    assert mail["In-Reply-To"] == "<first@example.com>" == mail["References"]
    assert mail["Message-ID"] == f"<{message.public_id}@desk.test>"
    assert mail["Auto-Submitted"] is None
    text, html = mail.get_body(["plain"]), mail.get_body(["html"])
    assert text is not None
    assert html is not None
    assert "> Hello, my lamp is broken." in text.get_content()
    assert 'href="https://example.com/a"' in html.get_content()
    local = post.mailbox.address.partition("@")[0]
    assert taken.sender.startswith(f"{local}+")
    assert mail["Reply-To"].startswith(f"{local}+")
    # The customer's program keeps none of the headers, and quotes nothing.
    post.deliver(post.letter("Thanks, it works!", to=mail["Reply-To"], subject="Thanks"))
    assert fetch(post) == 1
    answer = InboundMail.objects.latest("pk")
    assert (answer.state, answer.proof) == (MailState.READ, Proof.REPLY_ADDRESS)
    assert [one.body for one in Message.objects.order_by("pk")][::2] == [
        "Hello, my lamp is broken.",
        "Thanks, it works!",
    ]
    assert Conversation.objects.get().message_count == 3


def test_html_answer_that_quotes_ours_is_cut_at_the_quote(post: Post, ben: Member) -> None:
    post.deliver(post.letter())
    fetch(post)
    reply(ben, "Is it the big one?")
    html = parsed(post.outgoing.taken[0].data).get_body(["html"])
    assert html is not None
    inner = html.get_content().partition("<body>")[2].partition("</body>")[0]
    quoting = f'<div>Yes, the big one.</div><div class="gmail_quote">On Mon, Nov 30, 2026 at 9:00 AM Ben &lt;support@acme.example&gt; wrote:<br><blockquote>{inner}</blockquote></div>'
    post.deliver(post.letter("", html=quoting, subject="something else"))
    fetch(post)
    last = InboundMail.objects.latest("pk")
    assert (last.proof, Message.objects.latest("pk").body) == (Proof.MARKER, "Yes, the big one.")


def test_fetching_again_brings_nothing_again(post: Post) -> None:
    post.deliver(post.letter("One."), post.letter("Two."))
    assert fetch(post) == 2
    assert fetch(post) == 0
    post.deliver(post.letter("Three."))
    assert fetch(post) == 1
    assert Message.objects.count() == 3


def test_folder_that_is_numbered_anew_is_not_imported_again(post: Post) -> None:
    post.deliver(post.letter("One."), post.letter("Two.", message_id="<>"))
    fetch(post)
    post.dovecot.forget_uids(post.user)
    post.deliver(post.letter("Three."))
    fetch(post)
    assert sorted(message.body or "" for message in Message.objects.all()) == ["One.", "Three.", "Two."]
    assert fetch(post) == 0


def test_bad_mail_is_quarantined_and_stops_nobody(post: Post) -> None:
    post.deliver(post.letter("One."), b"\x00\x01\x02", post.letter("Two."))
    fetch(post)
    assert {message.body for message in Message.objects.all()} >= {"One.", "Two."}
    assert fetch(post) == 0


def test_files_go_with_the_mail_and_large_ones_as_links(
    post: Post, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST", 1000)
    post.deliver(attached(post.letter(), ("in.bin", b"x")))
    fetch(post)
    reply(ben, uploads=[ReceivedFile(b"s" * 900, "small.txt"), ReceivedFile(b"b" * 2000, "big.txt")])
    mail = parsed(post.outgoing.taken[0].data)
    assert [part.get_filename() for part in mail.iter_attachments()] == ["small.txt"]
    text = mail.get_body(["plain"])
    assert text is not None
    assert "big.txt: http" in text.get_content()


def test_refused_recipient_fails_at_once_and_is_suppressed(post: Post, ben: Member) -> None:
    post.outgoing.refused["ada@example.com"] = "550 5.1.1 unknown user"
    post.deliver(post.letter())
    fetch(post)
    message = reply(ben)
    delivery = Delivery.objects.get(message=message)
    assert (message.delivery_status, delivery.state, delivery.attempts) == (
        DeliveryStatus.FAILED,
        DeliveryState.FAILED,
        1,
    )
    assert delivery.reason == "This address does not exist."
    assert SuppressedAddress.objects.get().address == "ada@example.com"
    assert reply(ben, "Again").delivery_status == DeliveryStatus.FAILED
    assert post.outgoing.taken == []


def test_server_that_is_away_is_tried_again(post: Post, ben: Member) -> None:
    post.deliver(post.letter())
    fetch(post)
    post.outgoing.drop_at = "connect"
    assert reply(ben).delivery_status == DeliveryStatus.SENDING
    post.outgoing.drop_at = ""
    Delivery.objects.update(due_at=clock.now())
    outbox.deliver_due()
    assert Message.objects.latest("pk").delivery_status == DeliveryStatus.DELIVERED
    assert len(post.outgoing.taken) == 1


def test_mail_that_was_taken_without_an_answer_is_sent_again_under_the_same_id_at_most(post: Post, ben: Member) -> None:
    post.deliver(post.letter())
    fetch(post)
    post.outgoing.drop_at = "taken"
    assert reply(ben).delivery_status == DeliveryStatus.SENDING
    post.outgoing.drop_at = ""
    Delivery.objects.update(due_at=clock.now())
    outbox.deliver_due()
    ids = {parsed(one.data)["Message-ID"] for one in post.outgoing.taken}
    assert len(ids) == 1
    assert Message.objects.latest("pk").delivery_status == DeliveryStatus.DELIVERED


def test_reply_ends_with_the_writers_signature_and_the_mailboxes(post: Post, ben: Member, ada: Member) -> None:
    User.objects.filter(pk=ben.user.pk).update(signature="**Ben** <Kimura>\nhttps://acme.example")
    Mailbox.objects.filter(pk=post.mailbox.pk).update(signature="Acme Ltd")
    post.deliver(post.letter())
    fetch(post)
    reply(ben, "Done.")
    reply(ada, "And checked.")
    mails = [parsed(taken.data) for taken in post.outgoing.taken]
    texts = [mail.get_body(["plain"]).get_content().replace("\r\n", "\n") for mail in mails]  # type: ignore[union-attr]
    assert "Done.\n\n-- \n**Ben** <Kimura>\nhttps://acme.example\n\nAcme Ltd\n" in texts[0]
    assert "And checked.\n\n-- \nAcme Ltd\n" in texts[1]
    html = mails[0].get_body(["html"]).get_content()  # type: ignore[union-attr]
    assert "<strong>Ben</strong> &lt;Kimura&gt;" in html
    User.objects.filter(pk=ben.user.pk).update(signs_replies=False)
    reply(ben, "Bye.")
    assert "Kimura" not in parsed(post.outgoing.taken[-1].data).get_body(["plain"]).get_content().split("> ")[0]  # type: ignore[union-attr]


def test_mail_that_is_in_the_mailbox_already_is_not_sent_again(post: Post, ben: Member) -> None:
    post.deliver(post.letter())
    fetch(post)
    post.outgoing.drop_at = "taken"
    message = reply(ben)
    post.deliver(post.outgoing.taken[0].data)  # as servers do that keep what they send
    post.outgoing.drop_at = ""
    Delivery.objects.update(due_at=clock.now())
    outbox.deliver_due()
    message.refresh_from_db()
    assert (len(post.outgoing.taken), message.delivery_status) == (1, DeliveryStatus.DELIVERED)
    fetch(post)
    assert InboundMail.objects.latest("pk").code == "own_mail"


def test_acknowledgement_goes_once_to_a_person_and_never_to_a_program(post: Post) -> None:
    from accounts import mailing

    Mailbox.objects.update(acknowledges=True, acknowledgement="We have your mail.")
    post.deliver(post.letter(), post.letter("Weekly news", sender="news@list.example", List_Id="<news.list.example>"))
    fetch(post)
    mailing.send_due()
    (taken,) = post.outgoing.taken
    mail = parsed(taken.data)
    assert (taken.recipients, taken.sender, mail["Auto-Submitted"]) == (["ada@example.com"], "", "auto-replied")
    for number in range(5):
        post.deliver(post.letter(f"And {number}", subject=f"Subject {number}"))
    fetch(post)
    mailing.send_due()
    assert len(post.outgoing.taken) == 3


def test_chat_goes_on_as_mail_once_its_customer_does_not_see_a_reply(post: Post, ben: Member) -> None:
    contact = ContactFactory(workspace=post.mailbox.workspace, email="ada@example.com")
    chat = ConversationFactory(workspace=post.mailbox.workspace, contact=contact, door=Door(Channel.CHAT, "widget"))
    receive(chat)
    assert reply(ben, "Are you there?").delivery_status == DeliveryStatus.DELIVERED
    assert reply(ben, "We have found it.").delivery_status == DeliveryStatus.DELIVERED
    assert post.outgoing.taken == []
    by = Actor.system(chat.workspace_id)
    written = Message.objects.filter(conversation=chat, sender_kind="agent")
    written.update(created_at=clock.now() - timedelta(minutes=11))
    assert mail_unseen(conversation=chat, by=by, at=clock.now()) is None  # they wrote just before, and may have read it
    Conversation.objects.filter(pk=chat.pk).update(last_inbound_at=clock.now() - timedelta(minutes=30))
    assert mail_unseen(conversation=chat, by=by, at=clock.now()) is not None
    outbox.deliver_due()
    (taken,) = post.outgoing.taken
    mail = parsed(taken.data)
    assert (taken.recipients, mail["From"]) == (["ada@example.com"], f"Ben · Acme <{post.mailbox.address}>")
    text = mail.get_body(["plain"])
    assert text is not None
    assert text.get_content().index("Are you there?") < text.get_content().index("We have found it.")
    post.deliver(post.letter("Great!", to=mail["Reply-To"]))
    fetch(post)
    assert InboundMail.objects.latest("pk").conversation == chat
    reply(ben, "Goodbye.")
    assert len(post.outgoing.taken) == 2


def test_reply_by_a_mailbox_that_was_deleted_leaves_by_the_default_one(post: Post, ada: Member, ben: Member) -> None:
    post.deliver(post.letter())
    fetch(post)
    other = MailboxFactory(
        workspace=post.mailbox.workspace, address="other@desk.test", smtp=parse_smtp(post.outgoing.url)
    )
    mailbox_actions.make_default(mailbox=other, by=ada.actor, at=clock.now())
    mailbox_actions.delete_mailbox(mailbox=Mailbox.objects.get(pk=post.mailbox.pk), by=ada.actor, at=clock.now())
    assert reply(ben).delivery_status == DeliveryStatus.DELIVERED
    assert parsed(post.outgoing.taken[0].data)["From"] == "Ben · Acme <other@desk.test>"


def test_reply_quotes_nobody_who_does_not_get_it(post: Post, ben: Member) -> None:
    post.deliver(post.letter("My own words."))
    fetch(post)
    own = ids.message_id(reply(ben).public_id)
    post.deliver(post.letter("A stranger's words.", sender="eve@other.example", In_Reply_To=own))
    fetch(post)
    reply(ben, "To Ada.")
    text = parsed(post.outgoing.taken[-1].data).get_body(["plain"])
    assert text is not None
    assert "My own words." in text.get_content()
    assert "stranger" not in text.get_content()


def test_reply_to_a_mail_without_an_address_fails_for_everybody_to_see(post: Post, ben: Member) -> None:
    post.deliver(post.letter(sender="undisclosed:;"))
    fetch(post)
    message = reply(ben)
    assert message.delivery_status == DeliveryStatus.FAILED
    assert Delivery.objects.get().code == "no_recipient"
