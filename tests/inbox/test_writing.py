"""What an agent does in the inbox, by plain forms and redirects: everything works without any script."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import actions as accounts
from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Attachment, Conversation, Message
from tests.conftest import Key, Member
from tests.factories import receive
from tests.inbox.conftest import HTMX, now, text_of

URL = "/w/acme/inbox/1"


def last_message(conversation: Conversation) -> Message:
    with tenancy.scope(conversation.workspace):
        found = Message.objects.filter(conversation=conversation).order_by("-id").first()
    assert found is not None
    return found


def test_reply_leads_back_to_the_thread_and_waits_for_the_customer(agent: Client, conversation: Conversation) -> None:
    expected = agent.get(URL).context["expected_last"]
    answer = agent.post(f"{URL}/reply?view=unassigned", {"body": "On its way.\r\nSoon.", "expected_last": expected})
    assert answer.status_code == 302
    assert answer["Location"] == "/w/acme/inbox/1?view=unassigned#composer"
    message = last_message(conversation)
    assert (message.body, message.sender_name, message.kind) == ("On its way.\nSoon.", "Ben Kimura", "message")
    assert now(conversation).status == "pending"
    assert "On its way." in text_of(agent.get(answer["Location"]).content)


def test_send_and_resolve_is_one_step(agent: Client, conversation: Conversation) -> None:
    agent.post(f"{URL}/reply", {"body": "Done.", "then": "resolved"})
    row = now(conversation)
    assert (row.status, row.preview) == ("resolved", "Done.")


def test_note_stays_inside(agent: Client, conversation: Conversation) -> None:
    agent.post(f"{URL}/note", {"body": "Ask the courier."})
    assert last_message(conversation).kind == "internal-note"
    assert now(conversation).preview == "It never came."


def test_blank_reply_is_refused_in_words(agent: Client, conversation: Conversation) -> None:
    answer = agent.post(f"{URL}/reply", {"body": "  "})
    assert answer.status_code == 422
    assert "Write something first." in text_of(answer.content)
    assert now(conversation).message_count == 1


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_reply_to_a_thread_that_moved_on_keeps_the_draft_and_shows_what_is_new(
    agent: Client, conversation: Conversation, headers: dict[str, str]
) -> None:
    seen = agent.get(URL).context["expected_last"]
    receive(conversation, "Forget it, it came.")
    answer = agent.post(f"{URL}/reply", {"body": "We will look.", "expected_last": seen}, headers=headers)
    assert answer.status_code == 409
    assert "Review it, then send again." in text_of(answer.content)
    row = now(conversation)
    assert row.preview == "Forget it, it came."
    assert f'id="expected-last" value="{row.last_message_id}"' in answer.content.decode()
    if headers:  # The page keeps draft and files; the thread is fetched by the trigger.
        assert answer["HX-Retarget"] == "#fault-reply"
        assert "desk:moved" in answer["HX-Trigger-After-Swap"]
    else:
        assert "We will look.</textarea>" in answer.content.decode()
        assert "Forget it, it came." in text_of(answer.content)
    again = agent.post(f"{URL}/reply", {"body": "Good!", "expected_last": row.last_message_id}, headers=headers)
    assert again.status_code in (200, 302)
    assert now(conversation).preview == "Good!"


def test_assigning_to_me_to_another_and_to_nobody(
    agent: Client, conversation: Conversation, ben: Member, ada: Member
) -> None:
    agent.post(f"{URL}/assign", {"to": ben.user.pk})
    assert now(conversation).assignee == ben.user
    agent.post(f"{URL}/assign", {"to": ada.user.pk})
    assert now(conversation).assignee == ada.user
    agent.post(f"{URL}/assign", {"to": ""})
    assert now(conversation).assignee is None


def test_assigning_to_a_team_from_the_menu(
    agent: Client, conversation: Conversation, ben: Member, ada: Member, globex: Workspace
) -> None:
    own, foreign = (
        accounts.save_team(workspace=place, name=name, by=Actor.system(place.pk), at=clock.now())
        for place, name in ((conversation.workspace, "Billing"), (globex, "Foreign"))
    )
    page = agent.get(URL).content.decode()
    assert f'name="team" value="{own.pk}"' in page
    assert "Foreign" not in page
    agent.post(f"{URL}/assign", {"to": ben.user.pk})
    answer = agent.post(f"{URL}/assign", {"team": own.pk}, headers=HTMX)
    assert "Assigned to Billing." in text_of(answer.content)
    assert (now(conversation).team_id, now(conversation).assignee) == (own.pk, None)
    answer = agent.post(f"{URL}/assign", {"team": foreign.pk}, headers=HTMX)
    assert (answer.status_code, now(conversation).team_id) == (422, own.pk)


def test_reply_assigns_an_unassigned_conversation_to_its_writer(
    agent: Client, conversation: Conversation, ben: Member, ada: Member
) -> None:
    agent.post(f"{URL}/note", {"body": "Who takes it?"})
    agent.post(f"{URL}/reply", {"body": " "})
    assert now(conversation).assignee is None
    agent.post(f"{URL}/reply", {"body": "I do."})
    assert now(conversation).assignee == ben.user
    ada.signed_in().post(f"{URL}/reply", {"body": "Me too."})
    assert now(conversation).assignee == ben.user


def test_reply_keeps_the_team_and_whom_a_caller_named(agent: Client, conversation: Conversation, ben: Member) -> None:
    by, at = Actor.system(conversation.workspace_id), clock.now()
    team = accounts.save_team(workspace=conversation.workspace, name="Billing", by=by, at=at)
    actions.assign(conversation=conversation, team=team, by=by, at=at)
    agent.post(f"{URL}/reply", {"body": "On it."})
    assert (now(conversation).assignee, now(conversation).team_id) == (ben.user, team.pk)
    actions.assign(conversation=conversation, reference="agent-7", label="Somebody else", by=by, at=at)
    agent.post(f"{URL}/reply", {"body": "Again."})
    assert (now(conversation).assignee, now(conversation).assignee_label) == (None, "Somebody else")


def test_workspace_may_leave_replies_unassigned(agent: Client, conversation: Conversation) -> None:
    accounts.update_workspace(
        workspace=conversation.workspace,
        settings={"assigns_writer": False},
        by=Actor.system(conversation.workspace_id),
        at=clock.now(),
    )
    agent.post(f"{URL}/reply", {"body": "On its way."})
    assert now(conversation).assignee is None


def test_reply_by_another_door_assigns_nobody(conversation: Conversation, ada: Member, acme_key: Key) -> None:
    answer = Client().post(
        f"/api/v1/conversations/{conversation.public_id}/messages",
        {"role": "assistant", "body": "By wire."},
        content_type="application/json",
        headers=acme_key.bearer,
    )
    assert answer.status_code == 201
    admin = reverse("admin:conversations_conversation_change", args=[conversation.pk])
    seen = now(conversation).last_message_id
    ada.signed_in().post(admin, {"do": "reply", "reply-body": "By admin.", "reply-seen": seen})
    actions.reply(conversation=conversation, body="By a rule.", by=ada.actor, at=clock.now())
    assert (now(conversation).message_count, now(conversation).assignee) == (4, None)


def test_strangers_and_viewers_cannot_be_given_a_conversation(
    agent: Client, conversation: Conversation, cleo: Member, vic: Member
) -> None:
    for person in (cleo, vic):
        answer = agent.post(f"{URL}/assign", {"to": person.user.pk}, follow=True)
        assert "Conversations can&#x27;t be assigned to this person." in text_of(answer.content)
    assert now(conversation).assignee is None


def test_status_priority_tags_and_subject(agent: Client, conversation: Conversation) -> None:
    agent.post(f"{URL}/status", {"status": "closed"})
    agent.post(f"{URL}/priority", {"priority": "urgent"})
    agent.post(f"{URL}/tags", {"tags": " shipping, vip ,, shipping"})
    agent.post(f"{URL}/subject", {"subject": "Order 1234"})
    row = now(conversation)
    assert (row.status, row.priority, row.tags, row.subject) == ("closed", "urgent", ["shipping", "vip"], "Order 1234")


@pytest.mark.parametrize(
    ("path", "data", "words"),
    [
        ("subject", {"subject": ""}, "A subject cannot be empty"),
        ("priority", {"priority": "x" * 33}, "too long"),
        ("tags", {"tags": "x" * 101}, "at most 100 characters"),
        ("status", {"status": "lost"}, "not one of the available choices"),
        ("snooze", {"choice": "never"}, "a moment to come"),
        ("snooze", {"until": "2020-01-01T10:00"}, "a moment to come"),
    ],
)
def test_what_cannot_be_is_said_in_words(
    agent: Client, conversation: Conversation, path: str, data: dict[str, str], words: str
) -> None:
    plain = agent.post(f"{URL}/{path}", data, follow=True)
    assert words in text_of(plain.content)
    fragment = agent.post(f"{URL}/{path}", data, headers=HTMX)
    assert fragment.status_code == 422
    assert words in text_of(fragment.content)


def test_resolving_offers_undo(agent: Client, conversation: Conversation) -> None:
    answer = agent.post(f"{URL}/status", {"status": "resolved"}, headers=HTMX)
    html = answer.content.decode()
    assert "Resolved." in text_of(answer.content)
    assert '<button class="toast__undo" name="status" value="open">Undo' in html
    assert "desk:moved" in answer["HX-Trigger-After-Swap"]


def test_snooze_until_tomorrow_is_nine_in_the_workspace(agent: Client, conversation: Conversation) -> None:
    Workspace.objects.filter(pk=conversation.workspace_id).update(time_zone="America/New_York")
    with time_machine.travel("2026-03-05T23:00:00Z", tick=False):
        agent.post(f"{URL}/snooze", {"choice": "tomorrow"})
        assert now(conversation).snoozed_until == datetime.fromisoformat("2026-03-06T09:00:00-05:00")
        agent.post(f"{URL}/wake")
        assert now(conversation).snoozed_until is None


def test_snooze_until_a_moment_of_ones_own(agent: Client, conversation: Conversation) -> None:
    Workspace.objects.filter(pk=conversation.workspace_id).update(time_zone="Europe/Berlin")
    local = (clock.now() + timedelta(days=400)).strftime("%Y-07-01T10:30")
    agent.post(f"{URL}/snooze", {"until": local})
    until = now(conversation).snoozed_until
    assert until is not None
    assert (until.hour, until.minute) == (8, 30)


def test_opening_a_ticket_shows_its_card_and_unlinking_takes_it_away(agent: Client, conversation: Conversation) -> None:
    answer = agent.post(f"{URL}/ticket", {"reason": "Courier lost it"}, follow=True)
    text = text_of(answer.content)
    assert "Courier lost it" in text
    assert "1 conversation linked · nobody" in text
    ticket = now(conversation).ticket
    assert ticket is not None
    assert ticket.subject == "Help with order"
    twice = agent.post(f"{URL}/ticket", {}, follow=True)
    assert "This conversation has a ticket already." in text_of(twice.content)
    agent.post(f"{URL}/unlink")
    assert now(conversation).ticket is None


def test_looking_at_a_thread_marks_it_read(agent: Client, conversation: Conversation) -> None:
    assert now(conversation).unread_count == 1
    assert "data-unread" in agent.get(URL).content.decode()
    assert now(conversation).unread_count == 1
    assert agent.post(f"{URL}/read").status_code == 204
    assert now(conversation).unread_count == 0


def test_viewer_reads_and_leaves_the_unread_mark_to_the_team(viewer: Client, conversation: Conversation) -> None:
    assert "data-unread" not in viewer.get(URL).content.decode()
    assert viewer.post(f"{URL}/read").status_code == 403
    assert now(conversation).unread_count == 1


def test_attached_picture_is_shown_and_everything_else_is_a_download(agent: Client, conversation: Conversation) -> None:
    picture = SimpleUploadedFile("photo.png", b"\x89PNG\r\n\x1a\n" + b"0" * 64, content_type="image/png")
    page = SimpleUploadedFile("page.png", b"<html><script>alert(1)</script>", content_type="image/png")
    agent.post(f"{URL}/reply", {"body": "", "uploads": [picture, page]})
    with tenancy.scope(conversation.workspace):
        shown, hidden = Attachment.objects.order_by("id")
    html = agent.get(URL).content.decode()
    assert f'<img src="/w/acme/files/{shown.public_id}"' in html
    assert f'<img src="/w/acme/files/{hidden.public_id}"' not in html
    inline = agent.get(f"/w/acme/files/{shown.public_id}")
    assert (inline["Content-Type"], inline["Content-Disposition"]) == ("image/png", 'inline; filename="photo.png"')
    download = agent.get(f"/w/acme/files/{hidden.public_id}")
    assert download["Content-Type"] == "application/octet-stream"
    assert download["Content-Disposition"].startswith("attachment")
    for answer in (inline, download):
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_viewer_reads_and_changes_nothing(viewer: Client, conversation: Conversation) -> None:
    html = viewer.get(URL).content.decode()
    assert "It never came." in html
    assert 'id="composer"' not in html
    assert f'action="{URL}/' not in html
    posts = {
        "reply": {"body": "x"}, "note": {"body": "x"}, "assign": {"to": ""}, "status": {"status": "closed"},
        "priority": {"priority": "high"}, "tags": {"tags": "x"}, "subject": {"subject": "x"},
        "snooze": {"choice": "tomorrow"}, "wake": {}, "ticket": {}, "unlink": {},
    }  # fmt: skip
    before = now(conversation)
    for path, data in posts.items():
        assert viewer.post(f"{URL}/{path}", data).status_code == 403, path
    after = now(conversation)
    assert (after.updated_at, after.message_count) == (before.updated_at, before.message_count)


def test_changing_needs_a_post(agent: Client, conversation: Conversation) -> None:
    for path in ("reply", "note", "assign", "status", "snooze", "wake", "ticket", "read"):
        assert agent.get(f"{URL}/{path}").status_code == 405


def test_place_in_the_inbox_survives_a_change(agent: Client, conversation: Conversation) -> None:
    place = f"view=open&sort=newest&q={quote('order')}"
    answer = agent.post(f"{URL}/priority?{place}", {"priority": "high"})
    assert answer["Location"] == f"{URL}?{place}"


def test_a_colleagues_change_is_not_undone_by_a_stale_page(
    agent: Client, conversation: Conversation, ada: Member
) -> None:
    actions.set_tags(conversation=conversation, names=["vip"], by=ada.actor, at=clock.now())
    agent.post(f"{URL}/priority", {"priority": "high"})
    assert now(conversation).tags == ["vip"]
