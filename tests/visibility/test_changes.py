"""Members with a limited view change what they see, also where the change takes it out of their sight."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import actions as account_actions
from accounts import clock
from accounts.models import Event, Workspace
from accounts.permissions import Actor, Visibility
from conversations import actions
from conversations.models import Attachment, BulkJob, Conversation, Draft, DraftFile, Message
from tests.conftest import Member
from tests.inbox.conftest import HTMX, text_of
from tests.visibility.conftest import limit
from tickets import actions as ticket_actions
from tickets.models import Ticket


@pytest.fixture
def client(ben: Member, kinds: Mapping[str, Conversation]) -> Client:
    """Ben, who sees his own and his teams' conversations."""
    limit(ben, Visibility.TEAMS)
    return ben.signed_in()


def url(row: Conversation) -> str:
    return f"/w/acme/inbox/{row.number}"


def drafted(client: Client, row: Conversation, mode: str, body: str) -> UUID:
    """The id of a file of a draft that was saved."""
    assert client.post(f"{url(row)}/draft", {"mode": mode, "body": body}, headers=HTMX).status_code == 200
    file = {"mode": mode, "id": (chosen := uuid4()), "file": SimpleUploadedFile("bill.pdf", b"%PDF-1.4 x")}
    assert client.post(f"{url(row)}/draft/files", file, headers=HTMX).status_code == 200
    return chosen


def releases(acme: Workspace) -> None:
    """What is resolved is nobody's from now on."""
    act = {"by": Actor.system(acme.pk), "at": clock.now()}
    account_actions.update_workspace(workspace=acme, settings={"releases_resolved": True}, **act)


@pytest.mark.parametrize("mode", ["reply", "note"])
def test_draft_is_sent_with_its_file(client: Client, kinds: Mapping[str, Conversation], mode: str) -> None:
    row = kinds["own"]
    file = drafted(client, row, mode, "With the bill")
    assert client.get(f"/w/acme/files/{file}").status_code == 200
    form = {"body": "With the bill", "draft_file": [str(file)], "draft_version": 1}
    answer = client.post(f"{url(row)}/{mode}", form, headers=HTMX)
    assert answer.status_code == 200, text_of(answer.content)
    assert Attachment.all_workspaces.get(public_id=file).message.body == "With the bill"
    assert not Draft.all_workspaces.exists()


def test_file_of_a_draft_is_seen_with_its_conversation(
    client: Client, ada: Member, kinds: Mapping[str, Conversation]
) -> None:
    file = drafted(ada.signed_in(), kinds["others"], "reply", "Hers")
    assert client.get(f"/w/acme/files/{file}").status_code == 404


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_reply_by_which_its_writer_loses_sight_is_sent_and_leads_to_the_list(
    client: Client, acme: Workspace, kinds: Mapping[str, Conversation], headers: dict[str, str]
) -> None:
    releases(acme)
    row = kinds["own"]
    file = drafted(client, row, "reply", "Done.")
    form = {"body": "Done.", "then": "resolved", "draft_file": [str(file)], "draft_version": 1}
    answer = client.post(f"{url(row)}/reply", form, headers=headers)
    assert answer.status_code == (200 if headers else 302), text_of(answer.content)
    to = answer["HX-Redirect"] if headers else answer["Location"]
    assert to.startswith("/w/acme/inbox?")
    assert "Reply sent." in text_of(client.get(to).content)
    assert client.get(url(row)).status_code == 404
    assert Message.all_workspaces.filter(conversation=row, body="Done.").count() == 1
    assert not Draft.all_workspaces.exists()
    assert not DraftFile.all_workspaces.exists()


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_ticket_that_is_assigned_out_of_sight_leads_to_the_list(
    client: Client, acme: Workspace, ben: Member, ada: Member, headers: dict[str, str]
) -> None:
    ticket = ticket_actions.open_ticket(workspace=acme, assignee=ben.user, by=Actor.system(acme.pk), at=clock.now())
    path = f"/w/acme/tickets/{ticket.number}"
    assert client.get(path).status_code == 200
    answer = client.post(f"{path}/assign", {"owner": f"user-{ada.user.pk}"}, headers=headers)
    assert answer.status_code == (200 if headers else 302), text_of(answer.content)
    to = answer["HX-Redirect"] if headers else answer["Location"]
    assert to == "/w/acme/tickets"
    assert "Assigned to" in text_of(client.get(to).content)
    assert Ticket.all_workspaces.get(pk=ticket.pk).assignee == ada.user


def test_bulk_change_that_assigns_away_is_counted_and_undone(
    client: Client, ben: Member, ada: Member, kinds: Mapping[str, Conversation]
) -> None:
    row = kinds["own"]
    form = {"id": [row.pk, kinds["others"].pk], "do": f"assign:member:{ada.user.pk}"}
    answer = client.post("/w/acme/inbox/bulk/start?view=open", form, headers=HTMX)
    assert "1 conversation changed" in text_of(answer.content)
    assert "1 skipped" in text_of(answer.content), "what one does not see is not changed"
    job = BulkJob.all_workspaces.get()
    for path in ("bulk", f"bulk/{job.public_id}"):
        assert "1 conversation changed" in text_of(client.get(f"/w/acme/inbox/{path}").content)
    answer = client.post(f"/w/acme/inbox/bulk/{job.public_id}/undo", headers=HTMX)
    assert "1 conversation put back." in text_of(answer.content)
    assert Conversation.all_workspaces.get(pk=row.pk).assignee == ben.user


def test_naming_a_conversation_that_its_writer_does_not_see_writes_nothing_there(
    client: Client, ben: Member, kinds: Mapping[str, Conversation]
) -> None:
    body = f"As in #{kinds['team'].number} and #{kinds['others'].number}"
    actions.note(conversation=kinds["own"], body=body, by=ben.actor, at=clock.now())
    [event] = Event.objects.filter(type="conversation.named")
    assert event.subject_id == kinds["team"].pk
