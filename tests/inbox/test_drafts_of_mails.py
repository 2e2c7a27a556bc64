"""A mail that begins a conversation, or forwards one, is kept as a draft of its writer until it is sent."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import clock, tenancy
from accounts.models import Membership, Workspace
from accounts.permissions import Visibility
from conversations import actions, maintenance
from conversations.models import Attachment, Conversation, Delivery, DeliveryFile, Draft, DraftFile
from conversations.privacy import actions as privacy_actions
from tests.concurrency import at_once
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, receive
from tests.inbox.conftest import HTMX, markup_of, text_of
from tests.inbox.mails import mailbox

pytestmark = pytest.mark.django_db

URL = "/w/acme/inbox/new"
FIELDS = {"to": "jo@x.example", "cc": "", "bcc": "", "subject": "Your gate", "mailbox": ""}


def change(client: Client, key: UUID, what: str, **fields: Any) -> dict[str, Any]:
    answer = client.post(f"{URL}/drafts/{key}/{what}", {"mode": "mail", **fields}, headers=HTMX)
    is_json = answer["Content-Type"] == "application/json"
    return {"status": answer.status_code, **(json.loads(answer.content) if is_json else {})}


def save(client: Client, key: UUID, body: str = "It is", **fields: Any) -> dict[str, Any]:
    return change(client, key, "save", body=body, **{**FIELDS, **fields})


def upload(client: Client, key: UUID, name: str = "plan.pdf", **fields: Any) -> UUID:
    chosen = uuid4()
    answer = change(client, key, "upload", id=chosen, file=SimpleUploadedFile(name, b"%PDF-1.4 x"), **fields)
    assert answer["status"] == 200, answer
    return chosen


def test_mail_that_was_begun_goes_on_in_another_browser(agent: Client, ben: Member, acme: Workspace) -> None:
    key = uuid4()
    assert save(agent, key, tab="one", seq=1) == {"status": 200, "version": 1}
    assert save(agent, key, "It is ready", tab="one", seq=2) == {"status": 200, "version": 2}
    file = upload(agent, key, tab="one")
    other = ben.signed_in()
    listed = markup_of(other.get("/w/acme/inbox/drafts").content)
    assert f"/w/acme/inbox/new?draft={key}" in listed
    assert "Your gate" in listed
    page = markup_of(other.get(f"{URL}?draft={key}").content)
    for part in (
        "It is ready</textarea>",
        'value="jo@x.example"',
        'value="Your gate"',
        f'value="{file}"',
        f'value="{key}"',
    ):
        assert part in page
    late = save(other, key, "Else", tab="two", seq=1, base=1)
    assert (late["status"], late["body"], late["along"]["to"]) == (409, "It is ready", "jo@x.example")


def test_it_is_gone_once_it_is_sent_with_its_files(agent: Client, acme: Workspace) -> None:
    mailbox(acme)
    key = uuid4()
    save(agent, key)
    file, left = upload(agent, key), upload(agent, key, "old.pdf")
    form = {**FIELDS, "body": "It is", "send_id": key, "draft_file": [str(file)]}
    for _ in range(2):  # the answer of the first was lost
        assert agent.post(URL, form).status_code == 302
    delivery = Delivery.all_workspaces.get()
    assert (delivery.public_id, [one.public_id for one in DeliveryFile.all_workspaces.all()]) == (key, [file])
    assert not Draft.all_workspaces.exists()
    assert not DraftFile.all_workspaces.filter(public_id=left).exists()
    assert save(agent, key, "It is", tab="late") == {"status": 200, "version": 0}  # a save that comes late
    assert not Draft.all_workspaces.exists()
    other = agent.post(URL, {**form, "body": "Something else"})
    assert other.status_code == 422
    assert "already sent" in text_of(other.content)
    assert f'value="{key}"' not in markup_of(agent.get(f"{URL}?draft={key}").content)  # its id is not used again


def test_mail_that_was_taken_back_is_sent_again_from_its_draft_under_another_id(
    agent: Client, ben: Member, acme: Workspace
) -> None:
    mailbox(acme)
    key, form = uuid4(), {**FIELDS, "body": "It is"}
    assert agent.post(URL, {**form, "send_id": key}).status_code == 302
    with tenancy.scope(acme):
        actions.cancel(delivery=Delivery.objects.get(), by=ben.actor, at=clock.now())
    save(agent, key)  # the page was gone back to
    file = upload(agent, key)
    answer = agent.post(URL, {**form, "send_id": key, "draft_file": [str(file)]})
    assert answer.status_code == 422
    assert "It was cancelled." in text_of(answer.content)
    for page in (markup_of(answer.content), markup_of(agent.get(f"{URL}?draft={key}").content)):
        assert f'name="draft_before" value="{key}"' in page
        assert f'value="{file}"' in page
        again = page.split('name="send_id" value="')[1].split('"')[0]
        assert again != str(key)
    more = {"send_id": again, "draft_before": key, "draft_file": [str(file)]}
    assert agent.post(URL, {**form, **more}).status_code == 302
    assert not Draft.all_workspaces.exists()
    assert [one.public_id for one in DeliveryFile.all_workspaces.all()] == [file]
    assert {str(one.public_id): one.state for one in Delivery.all_workspaces.all()} == {
        str(key): "cancelled",
        again: "scheduled",
    }


@pytest.mark.parametrize("changed", [{"to": "bob@x.example"}, {"cc": "bob@x.example"}, {"bcc": "bob@x.example"}])
def test_mail_to_others_is_no_repeat(agent: Client, acme: Workspace, changed: dict[str, str]) -> None:
    mailbox(acme)
    form = {**FIELDS, "body": "It is", "send_id": uuid4()}
    for _ in range(2):
        assert agent.post(URL, form).status_code == 302
    answer = agent.post(URL, {**form, **changed})
    assert answer.status_code == 422
    assert "already sent" in text_of(answer.content)
    assert Delivery.all_workspaces.count() == 1


def test_file_that_is_uploaded_once_the_mail_was_sent_leaves_no_draft(agent: Client, acme: Workspace) -> None:
    mailbox(acme)
    key = uuid4()
    assert agent.post(URL, {**FIELDS, "body": "It is", "send_id": key}).status_code == 302
    answer = change(agent, key, "upload", id=uuid4(), file=SimpleUploadedFile("late.pdf", b"%PDF-1.4 x"))
    assert answer["status"] == 422
    assert "already sent" in answer["fault"]
    assert not Draft.all_workspaces.exists()


def test_files_of_a_mail_are_served_to_its_writer_alone_and_not_from_the_trash(
    agent: Client, ada: Member, conversation: Conversation
) -> None:
    key = uuid4()
    save(agent, key, forwards=conversation.number)
    url = f"/w/acme/files/{upload(agent, key, forwards=conversation.number)}"
    assert agent.get(url).status_code == 200
    assert ada.signed_in().get(url).status_code == 404
    actions.trash(conversation=conversation, by=ada.actor, at=clock.now())
    assert agent.get(url).status_code == 404


def test_refused_mail_keeps_its_draft_and_its_files(agent: Client) -> None:
    key = uuid4()
    save(agent, key)
    file = upload(agent, key)
    answer = agent.post(URL, {**FIELDS, "to": "nobody", "body": "It is", "send_id": key, "draft_file": [str(file)]})
    assert answer.status_code == 422
    assert f'value="{file}"' in markup_of(answer.content)
    assert Draft.all_workspaces.count() == 1


def test_nobody_else_reads_or_changes_it(agent: Client, ada: Member, viewer: Client, stranger: Client) -> None:
    key = uuid4()
    save(agent, key, "For Jo alone")
    owner = ada.signed_in()
    assert "For Jo alone" not in text_of(owner.get(f"{URL}?draft={key}").content)
    assert json.loads(owner.get(f"{URL}/drafts/{key}/own", headers=HTMX).content)["body"] == ""
    assert save(owner, key, "Mine", base=1)["status"] == 409
    assert change(viewer, key, "save", body="x")["status"] == 403
    assert change(stranger, key, "discard")["status"] in (302, 404)
    assert text_of(owner.get("/w/acme/inbox/drafts").content).count("Your gate") == 0
    assert Draft.all_workspaces.get().body == "For Jo alone"


def test_discarded_mail_can_be_restored_until_it_is_forgotten(
    agent: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    key = uuid4()
    save(agent, key)
    upload(agent, key)
    path = DraftFile.all_workspaces.get().file.name
    answer = agent.post(f"{URL}/drafts/{key}/discard", {"mode": "mail"}, follow=True)
    assert "Draft discarded." in text_of(answer.content)
    assert "It is</textarea>" not in markup_of(answer.content)
    assert "Your gate" not in text_of(agent.get("/w/acme/inbox/drafts").content)
    answer = agent.post(f"{URL}/drafts/{key}/restore", {"mode": "mail"}, follow=True)
    assert "It is</textarea>" in markup_of(answer.content)
    change(agent, key, "discard")
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    with django_capture_on_commit_callbacks(execute=True):
        maintenance.forget_drafts.func(timestamp=0)
    assert not Draft.all_workspaces.exists()
    assert not default_storage.exists(path)


def test_emptied_mail_is_gone_and_one_without_a_text_is_kept(agent: Client) -> None:
    key = uuid4()
    assert save(agent, key, "")["version"] == 1
    assert save(agent, key, "", to="", subject="", base=1)["version"] == 0
    assert not Draft.all_workspaces.exists()


def test_forward_keeps_its_message_and_the_files_that_were_left_out(agent: Client, acme: Workspace) -> None:
    with tenancy.scope(acme):
        conversation = ConversationFactory(workspace=acme)
        message = receive(conversation, "See both", uploads=[SimpleUploadedFile(f"{n}.txt", b"x") for n in "ab"])
        first, second = Attachment.objects.order_by("pk")
    key = uuid4()
    more = {"forwards": conversation.number, "message": message.pk, "chosen": str(first.public_id)}
    assert save(agent, key, "For you", **more)["version"] == 1
    assert f"/inbox/{conversation.number}/forward?draft={key}" in markup_of(agent.get("/w/acme/inbox/drafts").content)
    page = markup_of(agent.get(f"/w/acme/inbox/{conversation.number}/forward?draft={key}").content)
    assert "For you</textarea>" in page
    assert f'name="message" value="{message.pk}"' in page
    checked = [one.public_id for one in (first, second) if "checked" in page.split(str(one.public_id))[1].split(">")[0]]
    assert checked == [first.public_id]
    form = {**FIELDS, "body": "For you", "send_id": key, "chosen": str(first.public_id)}
    assert agent.post(f"/w/acme/inbox/{conversation.number}/forward?message={message.pk}", form).status_code == 302
    assert not Draft.all_workspaces.exists()


def test_forward_goes_with_what_it_quotes(
    agent: Client, ada: Member, ben: Member, conversation: Conversation, django_capture_on_commit_callbacks: Any
) -> None:
    key = uuid4()
    save(agent, key, "Quoted words", forwards=conversation.number)
    upload(agent, key, forwards=conversation.number)
    path = DraftFile.all_workspaces.get().file.name
    by: dict[str, Any] = {"by": ada.actor, "at": clock.now()}
    memberships = Membership.all_workspaces.filter(user=ben.user)
    memberships.update(visibility=Visibility.TEAMS)
    assert "Quoted words" not in text_of(agent.get("/w/acme/inbox/drafts").content)
    memberships.update(visibility=Visibility.ALL)
    assert "Quoted words" in text_of(agent.get("/w/acme/inbox/drafts").content)
    actions.trash(conversation=conversation, **by)
    assert "Quoted words" not in text_of(agent.get("/w/acme/inbox/drafts").content)
    with django_capture_on_commit_callbacks(execute=True):
        actions.purge(conversation=conversation, **by)
    assert not Draft.all_workspaces.exists()
    assert not default_storage.exists(path)


def test_mail_to_a_person_is_erased_with_them(agent: Client, ada: Member, acme: Workspace) -> None:
    with tenancy.scope(acme):
        contact = ContactFactory(workspace=acme, email="jo@x.example")
        kept, named, mailed = uuid4(), uuid4(), uuid4()
        save(agent, kept, to="bob@y.example", body="Hello")
        save(agent, named, to="bob@y.example", body="Ask jo@x.example")
        save(agent, mailed, to="Jo Reed <Jo@x.example>")
        upload(agent, mailed)
        act: dict[str, Any] = {"by": ada.actor, "at": clock.now()}
        erasure = privacy_actions.request_erasure(contact=contact, **act)
        privacy_actions.erase_details(erasure=erasure, **act)
        assert [row.public_id for row in Draft.objects.all()] == [kept]
        assert not DraftFile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_send_the_same_mail_at_once_send_it_once(acme: Workspace, ben: Member) -> None:
    mailbox(acme)
    clients, key = [ben.signed_in() for _ in range(2)], uuid4()
    save(clients[0], key)
    file = upload(clients[0], key)
    form = {**FIELDS, "body": "It is", "send_id": key, "draft_file": [str(file)]}
    answers = at_once(lambda n: clients[n].post(URL, form), times=2)
    assert [answer.status_code for answer in answers] == [302, 302]
    assert (Conversation.all_workspaces.count(), DeliveryFile.all_workspaces.count()) == (1, 1)
    assert not Draft.all_workspaces.exists()


def test_list_asks_as_often_for_one_draft_as_for_many(agent: Client) -> None:
    counts = []
    for drafts in (1, 0, 5):  # the first page also reads what is remembered
        for _ in range(drafts):
            save(agent, uuid4())
        with CaptureQueriesContext(connection) as captured:
            agent.get("/w/acme/inbox/drafts")
        counts.append(len(captured))
    assert counts[1] == counts[2]
