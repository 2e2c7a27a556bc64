"""PostHog tickets and mailboxes: by which one a ticket's mail leaves, and whom answers go to."""

from __future__ import annotations

import uuid

import pytest

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Conversation
from tests.dialects.posthog_client import Posthog, posthog_api  # noqa: F401 (a fixture)
from tests.factories import ConversationFactory
from tests.inbox.mails import by_mail, mailbox

pytestmark = pytest.mark.django_db

MAIL = {"recipient_email": "jo@example.com", "message": "Your order is late.", "email_subject": "Order 7"}


def shown(api: Posthog, conversation: Conversation) -> tuple[object, object]:
    by = Actor.system(conversation.workspace_id)
    ticket = actions.escalate(conversation=conversation, by=by, at=clock.now())
    found = api.get(f"tickets/{ticket.public_id}").json()
    (listed,) = api.get("tickets").json()["results"]
    assert listed["email_to"] == found["email_to"]
    assert listed["cc_participants"] == found["cc_participants"]
    return found["email_to"], found["cc_participants"]


def test_a_ticket_of_a_mail_names_its_mailbox_and_whom_answers_go_to(api: Posthog, acme: Workspace) -> None:
    box = mailbox(acme, "help@acme.example")
    assert shown(api, by_mail(box, cc=["bob@y.example"])) == ("help@acme.example", ["bob@y.example"])


def test_a_ticket_of_another_channel_has_no_mailbox(api: Posthog, acme: Workspace) -> None:
    mailbox(acme)
    assert shown(api, ConversationFactory(workspace=acme)) == (None, [])


@pytest.mark.parametrize("named", ["mailbox", "workspace", "none"])
def test_a_mailbox_is_named_by_its_id_and_the_default_one_by_the_workspaces(
    api: Posthog, acme: Workspace, named: str
) -> None:
    mailbox(acme, "main@acme.example")
    sales = mailbox(acme, "sales@acme.example", is_default=False)
    ids = {"mailbox": str(sales.public_id), "workspace": str(acme.public_id), "none": None}
    made = api.post("tickets/compose", {**MAIL, **({"email_config_id": ids[named]} if ids[named] else {})})
    assert made.status_code == 201
    found = api.get(f"tickets/{made.json()['id']}").json()
    assert found["email_to"] == ("sales@acme.example" if named == "mailbox" else "main@acme.example")
    assert found["channel_source"] == "email"


def test_a_mailbox_of_another_workspace_is_unknown(api: Posthog, acme: Workspace, globex: Workspace) -> None:
    mailbox(acme)
    for unknown in (mailbox(globex, "help@globex.example").public_id, globex.public_id, uuid.uuid4()):
        refused = api.post("tickets/compose", {**MAIL, "email_config_id": str(unknown)})
        assert (refused.status_code, refused.json()) == (400, {"detail": "There is no such mailbox."})
    assert not Conversation.all_workspaces.exists()
