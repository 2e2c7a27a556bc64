"""A conversation that an agent begins: to whom, from which mailbox, and what becomes of it if something is wrong."""

from __future__ import annotations

import uuid
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import tenancy
from accounts.models import Workspace
from conversations.models import (
    Attachment,
    Channel,
    Contact,
    Conversation,
    Delivery,
    DeliveryState,
    Draft,
    Mailbox,
    MailboxAddress,
    Message,
)
from tests.conftest import Member
from tests.factories import ContactFactory, receive
from tests.inbox.conftest import HTMX, markup_of, text_of
from tests.inbox.mails import mailbox
from tests.outbox import leave

pytestmark = pytest.mark.django_db

URL = "/w/acme/inbox/new"


@pytest.fixture
def box(acme: Workspace) -> Mailbox:
    return mailbox(acme)


def sent(browser: Client, **values: Any) -> Any:
    return browser.post(URL, {"to": "jo@x.example", "subject": "Your gate", "body": "It is ready.", **values})


def only() -> tuple[Conversation, Delivery]:
    """The conversation and the mail that were made."""
    return Conversation.all_workspaces.select_related("contact", "mailbox").get(), Delivery.all_workspaces.get()


def nothing_was_made() -> bool:
    return not (
        Conversation.all_workspaces.exists() or Delivery.all_workspaces.exists() or Contact.all_workspaces.exists()
    )


def test_a_first_mail_makes_a_contact_and_a_conversation_and_waits_to_be_sent(
    agent: Client, ben: Member, box: Mailbox
) -> None:
    answer = sent(agent, to="Jo Reed <Jo@x.example>", cc="bob@y.example", bcc="cid@z.example")
    conversation, delivery = only()
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"/w/acme/inbox/{conversation.number}?")
    assert (conversation.contact.email, conversation.contact.name) == ("jo@x.example", "Jo Reed")
    assert (conversation.subject, conversation.channel, conversation.mailbox) == ("Your gate", Channel.EMAIL, box)
    assert (conversation.cc, conversation.message_count) == (["bob@y.example"], 0)
    assert (delivery.body, delivery.state, delivery.writer_id) == ("It is ready.", DeliveryState.SCHEDULED, ben.user.pk)
    assert (delivery.to, delivery.cc, delivery.bcc) == (None, None, ["cid@z.example"])
    assert (delivery.send_after - delivery.created_at).total_seconds() == box.undo_seconds


def test_a_known_customer_stays_who_they_are(agent: Client, acme: Workspace, box: Mailbox) -> None:
    known = ContactFactory(workspace=acme, email="jo@x.example", name="Jo Reed", external_id="cus_9")
    sent(agent, to="Joanna <jo@x.example>")
    conversation, _ = only()
    assert (conversation.contact_id, conversation.contact.name) == (known.pk, "Jo Reed")


def test_several_recipients_all_get_it(agent: Client, box: Mailbox) -> None:
    sent(agent, to="jo@x.example, bob@y.example")
    conversation, delivery = only()
    assert conversation.contact.email == "jo@x.example"
    assert delivery.to == ["jo@x.example", "bob@y.example"]


def test_next_mail_goes_to_all_of_them_until_somebody_answers(agent: Client, box: Mailbox, ben: Member) -> None:
    sent(agent, to="jo@x.example, bob@y.example", cc="cid@z.example")
    row, _delivery = only()
    assert row.assignee == ben.user  # nobody else need look at it while it may be taken back
    with tenancy.scope(row.workspace):
        shown = agent.get(f"/w/acme/inbox/{row.number}").context["recipients"]
        assert (shown["to"], shown["usual"], shown["cc"]) == (*["jo@x.example, bob@y.example"] * 2, "cid@z.example")
        leave()
        assert agent.get(f"/w/acme/inbox/{row.number}").context["recipients"]["to"] == "jo@x.example, bob@y.example"
        receive(row, "Thanks!")
        assert agent.get(f"/w/acme/inbox/{row.number}").context["recipients"]["to"] == "jo@x.example"


def test_it_leaves_by_the_mailbox_that_was_chosen(agent: Client, acme: Workspace, box: Mailbox) -> None:
    sales = mailbox(acme, "sales@acme.example", is_default=False, undo_seconds=30)
    assert "Acme &lt;sales@acme.example&gt;" in markup_of(agent.get(URL).content)
    sent(agent, mailbox=str(sales.public_id))
    conversation, delivery = only()
    assert conversation.mailbox == delivery.mailbox == sales
    assert (delivery.send_after - delivery.created_at).total_seconds() == 30


def test_files_go_with_it(agent: Client, box: Mailbox) -> None:
    sent(agent, body="", uploads=SimpleUploadedFile("plan.txt", b"A plan"))
    _, delivery = only()
    with tenancy.scope(delivery.workspace):
        (file,) = delivery.files.all()
        assert (file.name, file.file.read()) == ("plan.txt", b"A plan")


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"to": ""}, "Add a recipient."),
        ({"to": "jo@"}, "“jo@” is not an email address."),
        ({"cc": "jo@x.example, bob"}, "“bob” is not an email address."),
        ({"bcc": "<>"}, "“&lt;&gt;” is not an email address."),
        ({"to": "support@acme.example"}, "support@acme.example is an address of this workspace."),
        ({"subject": " \n "}, "Add a subject."),
        ({"body": " "}, "Write something first."),
        ({"body": "nul\x00"}, "Null characters are not allowed."),
        ({"uploads": SimpleUploadedFile("empty.txt", b"")}, "Empty files are not accepted."),
        ({"send_id": "x"}, "Enter a valid UUID."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_stated_and_nothing_is_half_done(
    agent: Client, box: Mailbox, values: dict[str, Any], fault: str
) -> None:
    with tenancy.scope(box.workspace):
        MailboxAddress.objects.create(workspace=box.workspace, mailbox=box, address=box.address)
    answer = sent(agent, **values)
    assert answer.status_code == 422
    assert fault in text_of(answer.content)
    assert nothing_was_made()
    shown = markup_of(answer.content)
    for name, given in {"to": "jo@x.example", "subject": "Your gate"}.items():
        if name not in values:
            assert f'name="{name}" value="{given}"' in shown


def test_a_mail_that_is_sent_twice_is_sent_once(agent: Client, box: Mailbox) -> None:
    send_id = str(uuid.uuid4())
    first, second = sent(agent, send_id=send_id), sent(agent, send_id=send_id)
    assert first["Location"] == second["Location"]
    only()


def test_viewers_write_to_nobody(viewer: Client, box: Mailbox) -> None:
    assert viewer.get(URL).status_code == 403
    assert sent(viewer).status_code == 403
    assert nothing_was_made()
    assert "/inbox/new" not in viewer.get("/w/acme/inbox").content.decode()


def test_inbox_leads_to_a_new_conversation(agent: Client) -> None:
    page = markup_of(agent.get("/w/acme/inbox?view=open").content)
    assert 'href="/w/acme/inbox/new?view=open" data-shortcut="new" title="New conversation (c)"' in page
    assert "New conversation · Acme" in text_of(agent.get(URL).content)
    assert 'name="to" value="jo@x.example"' in markup_of(agent.get(URL, {"to": "jo@x.example"}).content)


def test_known_customers_are_offered_by_name_and_by_address(agent: Client, acme: Workspace, globex: Workspace) -> None:
    ContactFactory(workspace=acme, email="jo@x.example", name="Jo Reed")
    ContactFactory(workspace=acme, email="bob@y.example", name="Lee, Bob")
    ContactFactory(workspace=acme, email="", name="Jo Without")
    ContactFactory(workspace=globex, email="jo@globex.example", name="Jo Strange")

    def offered(typed: str) -> list[str]:
        page = agent.get(f"{URL}/known", {"to": typed}).content.decode()
        return [
            line.split('"')[1] for line in page.splitlines() if "<option" in line for line in line.split("<option")[1:]
        ]

    assert offered("jo@") == offered("ree") == ["Jo Reed &lt;jo@x.example&gt;"]
    assert offered("jo@x.example, bob") == ["jo@x.example, &#34;Lee, Bob&#34; &lt;bob@y.example&gt;"]
    assert offered("j") == offered("") == offered("%") == offered("nobody") == []


def test_offers_are_bounded(agent: Client, acme: Workspace) -> None:
    for number in range(30):
        ContactFactory(workspace=acme, email=f"jo{number}@x.example", name="Jo Reed")
    assert agent.get(f"{URL}/known", {"to": "jo"}).content.decode().count("<option") == 8
    assert agent.get(f"{URL}/known", {"to": "x" * 9000 + "\x00"}).status_code == 200


def recorded(browser: Client, **values: Any) -> Any:
    form = {"channel": "manual", "to": "Jo Reed", "subject": "Gate", "body": "It squeaks.", "send_id": uuid.uuid4()}
    return browser.post(URL, {**form, **values})


def test_call_of_a_customer_is_recorded_and_nothing_is_sent(
    agent: Client, ada: Member, acme: Workspace, box: Mailbox
) -> None:
    send_id = uuid.uuid4()
    page = markup_of(agent.get(f"{URL}?begin=manual").content)
    assert "Nothing is sent to them." in page
    values = {"phone": "+49 30 123456", "assignee": ada.user.pk, "tags": "gate, urgent", "send_id": send_id}
    for _ in range(2):  # its first answer was lost
        answer = recorded(agent, **values)
    with tenancy.scope(acme):
        made = Conversation.objects.get()
        message = Message.objects.get(kind="message")
        assert answer["Location"].startswith(f"/w/acme/inbox/{made.number}?")
        assert (made.channel, made.status, made.assignee, made.tags) == ("manual", "open", ada.user, ["gate", "urgent"])
        assert (message.body, message.sender_kind, made.contact.name) == ("It squeaks.", "customer", "Jo Reed")
        assert made.contact.addresses.get().value == "+4930123456"
        assert not Delivery.objects.exists()
        # They call again: they are the same customer.
        recorded(agent, to="Jo", phone="+4930123456", body="Still.", written="note")
        again = Conversation.objects.latest("pk")
        assert (again.contact, again.messages.get().kind) == (made.contact, "internal-note")


@pytest.mark.parametrize("written", ["customer", "note"])
@pytest.mark.parametrize("changed", [{"body": "It fell off."}, {"subject": "Door"}])
def test_another_record_under_the_same_id_is_refused(
    agent: Client, acme: Workspace, written: str, changed: dict[str, str]
) -> None:
    send_id = uuid.uuid4()
    for _ in range(2):
        assert recorded(agent, send_id=send_id, written=written).status_code == 302
    answer = recorded(agent, send_id=send_id, written=written, **changed)
    assert answer.status_code == 422
    page = markup_of(answer.content)
    assert "already sent" in text_of(answer.content)
    assert next(iter(changed.values())) in page
    assert f'value="{send_id}"' not in page  # so that it can be recorded now
    assert Conversation.all_workspaces.count() == 1


def test_wrong_address_of_a_caller_is_named_in_their_language(agent: Client, ben: Member, acme: Workspace) -> None:
    ben.user.language = "de"
    ben.user.save()
    assert "is not an email address" not in text_of(recorded(agent, to="jo@").content)
    assert "ist keine E-Mail-Adresse" in text_of(recorded(agent, to="jo@").content)


def test_replies_to_one_who_called_go_by_mail_where_they_have_an_address(
    agent: Client, acme: Workspace, box: Mailbox
) -> None:
    recorded(agent, to="Jo Reed <jo@x.example>", body="Call me back")
    conversation = Conversation.all_workspaces.get()
    assert (conversation.contact.email, conversation.mailbox) == ("jo@x.example", box)
    agent.post(f"/w/acme/inbox/{conversation.number}/reply", {"body": "Done."})
    assert Delivery.all_workspaces.get().channel == "email"


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"to": ""}, "Add a name, an email or a phone number."),
        ({"to": "jo@x.example, bob@x.example"}, "Enter one customer."),
        ({"to": "jo@"}, "is not an email address"),
        ({"phone": "none"}, "not a phone number"),
        ({"subject": " "}, "Add a subject."),
        ({"body": " "}, "Write something first."),
        ({"assignee": "999999"}, "can&#x27;t be assigned"),
        ({"tags": "x" * 101}, "100 characters"),
    ],
)
def test_what_cannot_be_recorded_is_refused_whole(
    agent: Client, acme: Workspace, values: dict[str, Any], fault: str
) -> None:
    answer = recorded(agent, **values)
    assert answer.status_code == 422
    assert unescape(fault) in unescape(markup_of(answer.content))
    assert nothing_was_made()


def test_who_has_no_address_is_given_one_where_it_is_missed(agent: Client, viewer: Client, acme: Workspace) -> None:
    recorded(agent, to="Jo Reed")
    number = Conversation.all_workspaces.get().number
    place = f"/w/acme/inbox/{number}"
    shown = markup_of(agent.get(place).content)
    assert "Jo Reed</bdi> has no email address." in shown
    assert 'id="no-address"' not in viewer.get(place).content.decode()
    assert viewer.post(f"{place}/customer/email", {"email": "jo@x.example"}).status_code == 403
    for typed in ("", "jo@", "x" * 300):
        agent.post(f"{place}/customer/email", {"email": typed})
        assert Contact.all_workspaces.get().email == ""
    answer = agent.post(f"{place}/customer/email", {"email": "Jo@x.example"}, follow=True)
    assert "Address added." in text_of(answer.content)
    assert 'id="no-address"' not in answer.content.decode()
    agent.post(f"{place}/customer/email", {"email": "other@x.example"})
    assert Contact.all_workspaces.get().email == "jo@x.example"
    agent.post(f"{place}/reply", {"body": "Here you are.", "send_id": uuid.uuid4()})
    assert Delivery.all_workspaces.get().channel == "email"


def test_viewers_record_nothing(viewer: Client, acme: Workspace) -> None:
    assert recorded(viewer).status_code == 403


def test_begun_record_is_a_draft_with_its_fields(agent: Client, acme: Workspace) -> None:
    key = uuid.uuid4()
    fields = {
        "mode": "mail",
        "channel": "manual",
        "to": "Jo",
        "phone": "030 1",
        "written": "note",
        "subject": "Gate",
        "tags": "a",
        "body": "",
    }
    agent.post(f"{URL}/drafts/{key}/save", fields, headers=HTMX)
    file = uuid.uuid4()
    agent.post(
        f"{URL}/drafts/{key}/upload",
        {"mode": "mail", "id": file, "file": SimpleUploadedFile("a.txt", b"a")},
        headers=HTMX,
    )
    assert "Phone or in person" in text_of(agent.get("/w/acme/inbox/drafts").content)
    page = markup_of(agent.get(f"{URL}?draft={key}").content)
    assert 'value="030 1"' in page
    assert '<option value="note" selected>' in page
    recorded(agent, send_id=key, draft_file=[str(file)], body="")
    with tenancy.scope(acme):
        assert Attachment.objects.get().name == "a.txt"
        assert not Draft.objects.exists()
    late = agent.post(f"{URL}/drafts/{key}/save", {**fields, "body": "late"}, headers=HTMX)
    assert late.content == b'{"version":0}'
