"""What an agent does in the inbox, by plain forms and redirects: everything works without any script."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts import actions as accounts
from accounts import clock, tenancy
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Attachment, Conversation, Message, Tally
from tests.conftest import Key, Member
from tests.factories import ConversationFactory, MacroFactory, receive
from tests.inbox.conftest import HTMX, markup_of, now, text_of
from tickets.models import Ticket

URL = "/w/acme/inbox/1"


def last_message(conversation: Conversation) -> Message:
    with tenancy.scope(conversation.workspace):
        found = Message.objects.filter(conversation=conversation).order_by("-id").first()
    assert found is not None
    return found


def covered(answer: HttpResponse) -> list[int]:
    """The events that an answer names: the page fetches nothing for them."""
    named = re.search(r'data-events="([^"]*)"', answer.content.decode())
    assert named is not None
    return [int(event) for event in named[1].split()]


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
    if headers:  # The page keeps draft and files, and shows what is new.
        assert f'data-expected-last="{row.last_message_id}"' in answer.content.decode()
        assert 'id="composer"' not in answer.content.decode()
        assert (answer["Desk-Conversation"], covered(answer)) == ("1", [])
    else:
        assert f'id="expected-last" value="{row.last_message_id}"' in answer.content.decode()
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
    for address in (f"{URL}/menus/assign", f"{URL}?menu=assign"):
        page = markup_of(agent.get(address).content)
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
        assert "Conversations can&#39;t be assigned to this person." in text_of(answer.content)
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
        ("subject", {"subject": ""}, "A subject has 1 to 10,000 characters."),
        ("priority", {"priority": "x" * 33}, "too long"),
        ("tags", {"tags": "x" * 101}, "up to 100 characters"),
        ("status", {"status": "lost"}, "not one of the available choices"),
        ("snooze", {"choice": "never"}, "Pick a time in the future."),
        ("snooze", {"until": "2020-01-01T10:00"}, "Pick a time in the future."),
    ],
)
def test_refusal_is_shown_as_a_sentence(
    agent: Client, conversation: Conversation, path: str, data: dict[str, str], words: str
) -> None:
    plain = agent.post(f"{URL}/{path}", data, follow=True)
    assert words in text_of(plain.content)
    fragment = agent.post(f"{URL}/{path}", data, headers=HTMX)
    assert fragment.status_code == 422
    assert words in text_of(fragment.content)


def undo_of(answer: HttpResponse) -> dict[str, str]:
    """What the Undo button of an answer's toast sends."""
    found = re.search(
        r'action="/w/acme/inbox/1/undo\?[^"]*".*?name="event" value="(\d+)"', answer.content.decode(), re.S
    )
    assert found, text_of(answer.content)
    return {"event": found[1]}


STANDING = ("status", "snoozed_until", "waiting_since", "closed_at", "unread_count", "message_count", "assignee_id")


@pytest.mark.parametrize(
    "change",
    [
        ("status", {"status": "resolved"}),
        ("status", {"status": "closed"}),
        ("status", {"status": "pending"}),
        ("snooze", {"choice": "tomorrow"}),
    ],
)
@pytest.mark.parametrize("beginning", ["open", "pending", "snoozed"])
def test_undo_gives_back_everything_exactly_as_it_was(
    agent: Client, conversation: Conversation, ben: Member, change: tuple[str, dict[str, str]], beginning: str
) -> None:
    ticket = actions.escalate(conversation=conversation, by=ben.actor, at=clock.now())
    receive(now(conversation), "And again.")
    if beginning == "pending":
        actions.set_status(conversation=now(conversation), status="pending", by=ben.actor, at=clock.now())
    if beginning == "snoozed":
        later = clock.now() + timedelta(days=3)
        actions.snooze(conversation=now(conversation), until=later, by=ben.actor, at=clock.now())
    before, figures = now(conversation), Ticket.all_workspaces.get(pk=ticket.pk)
    tally = Tally.all_workspaces.values().get(workspace=conversation.workspace)
    path, data = change
    answer = agent.post(f"{URL}/{path}", data, headers=HTMX)
    after = now(conversation)
    if (after.status, after.snoozed_until) == (before.status, before.snoozed_until):
        assert "/undo" not in answer.content.decode()  # nothing has changed
        return
    events = Event.objects.count()
    undone = agent.post(f"{URL}/undo", undo_of(answer), headers=HTMX)
    assert "Undone." in text_of(undone.content)
    assert [getattr(now(conversation), name) for name in STANDING] == [getattr(before, name) for name in STANDING]
    row = Ticket.all_workspaces.get(pk=ticket.pk)
    assert (row.unread_team_count, row.message_count, row.status) == (
        figures.unread_team_count,
        figures.message_count,
        figures.status,
    )
    assert Tally.all_workspaces.values().get(workspace=conversation.workspace) == tally
    recorded = Event.objects.order_by("-id")[: Event.objects.count() - events]
    assert [event.subject_type for event in recorded if event.type != "ticket.recounted"] == ["conversation"]
    # Once only.
    again = agent.post(f"{URL}/undo", undo_of(answer), headers=HTMX)
    assert (again.status_code, "Nothing was undone." in text_of(again.content)) == (422, True)


def test_undo_unsnoozes_nothing_that_has_changed_since(agent: Client, conversation: Conversation, ada: Member) -> None:
    resolved = agent.post(f"{URL}/status", {"status": "resolved"}, headers=HTMX)
    receive(now(conversation), "It is broken again.")
    answer = agent.post(f"{URL}/undo", undo_of(resolved), headers=HTMX)
    assert (answer.status_code, "has changed since" in text_of(answer.content)) == (422, True)
    row = now(conversation)
    assert (row.status, row.unread_count) == ("open", 1)
    # A colleague's change is not taken back, and tags are no matter of the undo.
    snoozed = agent.post(f"{URL}/snooze", {"choice": "tomorrow"}, headers=HTMX)
    actions.set_tags(conversation=row, names=["vip"], by=ada.actor, at=clock.now())
    assert agent.post(f"{URL}/undo", undo_of(snoozed), headers=HTMX).status_code == 200
    assert (now(conversation).snoozed_until, now(conversation).tags) == (None, ["vip"])


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "America/St_Johns"])
def test_a_snooze_is_undone_in_any_time_zone(agent: Client, conversation: Conversation, zone: str) -> None:
    Workspace.objects.filter(pk=conversation.workspace_id).update(time_zone=zone)
    for choice in agent.get(URL).context["snooze_choices"]:
        answer = agent.post(f"{URL}/snooze", {"choice": choice.until.isoformat()}, headers=HTMX)
        assert now(conversation).snoozed_until == choice.until
        assert agent.post(f"{URL}/undo", undo_of(answer), headers=HTMX).status_code == 200
        assert now(conversation).snoozed_until is None


def test_undo_takes_no_event_of_elsewhere(agent: Client, conversation: Conversation, ben: Member) -> None:
    other = ConversationFactory(workspace=conversation.workspace)
    actions.set_status(conversation=other, status="resolved", by=ben.actor, at=clock.now())
    with tenancy.scope(conversation.workspace):
        strange = Event.objects.filter(subject_id=other.pk, type="conversation.status_changed").get()
    started = Event.objects.filter(subject_id=conversation.pk, subject_type="conversation").first()
    assert started is not None
    for event in (strange.pk, started.pk, 2**62):
        assert agent.post(f"{URL}/undo", {"event": event}, headers=HTMX).status_code == 404
    assert agent.post(f"{URL}/undo", {"event": "x"}, headers=HTMX).status_code == 422
    assert now(other).status == "resolved"


@pytest.mark.parametrize("path", ["reply", "note"])
def test_what_is_sent_again_is_answered_by_the_first(agent: Client, conversation: Conversation, path: str) -> None:
    seen = agent.get(URL).context["expected_last"]
    file = b"%PDF-1.4 enough"
    given = {"body": "On its way.\r\nSoon.", "expected_last": seen, "send_id": str(uuid4())}

    def send(body: str = given["body"], headers: dict[str, str] = HTMX) -> HttpResponse:
        uploads = [SimpleUploadedFile("a.pdf", file)]
        return agent.post(f"{URL}/{path}", {**given, "body": body, "uploads": uploads}, headers=headers)

    first, second, plain = send(), send(), send(headers={})
    assert (first.status_code, second.status_code, plain.status_code) == (200, 200, 302)
    message = last_message(conversation)
    assert (message.public_id, message.body) == (UUID(given["send_id"]), "On its way.\nSoon.")
    with tenancy.scope(conversation.workspace):
        assert Message.objects.filter(body=message.body).count() == 1
        assert Attachment.objects.count() == 1
    # The same id with another text is neither sent nor lost.
    changed = send(body="On its way. Tomorrow.")
    assert (changed.status_code, "already sent" in text_of(changed.content)) == (409, True)
    plain = send(body="On its way. Tomorrow.", headers={})
    assert "On its way. Tomorrow.</textarea>" in plain.content.decode()
    assert f'name="send_id" value="{given["send_id"]}"' not in plain.content.decode()
    assert last_message(conversation).pk == message.pk


def test_a_form_cannot_be_sent_under_the_id_of_a_strangers_message(
    agent: Client, conversation: Conversation, ada: Member
) -> None:
    theirs = actions.note(conversation=conversation, body="Mine", by=ada.actor, at=clock.now())
    for path, data in (("note", {"body": "Mine"}), ("reply", {"body": "Mine"})):
        answer = agent.post(f"{URL}/{path}", {**data, "send_id": str(theirs.public_id)}, headers=HTMX)
        assert answer.status_code == 409
    for forged in ("x", "00000000-0000-0000-0000-000000000000", "018f0000-0000-7000-8000-000000000000"):
        assert agent.post(f"{URL}/note", {"body": "x", "send_id": forged}, headers=HTMX).status_code == 422
    assert last_message(conversation).pk == theirs.pk


def test_every_answer_about_a_conversation_names_it(agent: Client, conversation: Conversation) -> None:
    macro = MacroFactory(workspace=conversation.workspace)
    for path in ("", "/fresh?message=0&event=0", "/macros", f"/macros/{macro.public_id}"):
        assert agent.get(f"{URL}{path}", headers=HTMX)["Desk-Conversation"] == "1"
    posts = {
        "reply": {"body": "x"}, "note": {"body": "x"}, "assign": {"to": ""}, "status": {"status": "closed"},
        "priority": {"priority": "high"}, "tags": {"tags": "x"}, "subject": {"subject": ""}, "suggest": {},
        "snooze": {"choice": "never"}, "wake": {}, "ticket": {}, "unlink": {}, "read": {}, "undo": {},
    }  # fmt: skip
    for path, data in posts.items():
        assert agent.post(f"{URL}/{path}", data, headers=HTMX)["Desk-Conversation"] == "1", path


def test_answers_bring_what_is_new_in_the_thread_and_leave_the_composer_alone(
    agent: Client, conversation: Conversation
) -> None:
    page = agent.get(URL).context
    query = f"message={page['seen_message']}&event={page['seen_event']}"
    for path, data, words in (
        ("reply", {"body": "On its way."}, "On its way."),
        ("note", {"body": "Ask the courier."}, "Ask the courier."),
        ("tags", {"tags": "vip"}, "vip"),
    ):
        answer = agent.post(f"{URL}/{path}?{query}", data, headers=HTMX)
        new = answer.content.decode().split('id="head"')[0]
        assert words in new, path
        assert "textarea" not in new
        assert 'id="composer"' not in answer.content.decode()


def test_answers_bring_the_row_and_the_counts_of_the_list_that_is_shown(
    agent: Client, conversation: Conversation
) -> None:
    row = f'id="row-{conversation.pk}"'
    for path, data, place, is_in_view in (
        ("tags", {"tags": "vip"}, "view=unassigned", True),
        ("reply", {"body": "On its way."}, "view=waiting", True),
        ("status", {"status": "open"}, "view=waiting", False),
        ("note", {"body": "Ask the courier."}, "view=mine&q=courier", True),
        ("priority", {"priority": "high"}, "view=mine&q=zebra", False),
    ):
        html = agent.post(f"{URL}/{path}?{place}", data, headers=HTMX).content.decode()
        listed = html.split("data-listed=")[1]
        assert listed.startswith(f'"{conversation.pk}" data-place="{place.replace("&", "&amp;")}"'), path
        assert (row in listed, 'id="tabs"' in listed) == (is_in_view, True), path


def test_answers_name_the_events_that_they_cover_and_no_others(
    agent: Client, conversation: Conversation, ada: Member
) -> None:
    def since(last: int) -> list[int]:
        rows = Event.objects.filter(
            subject_type__in=("conversation", "ticket"), actor_id=agent_id, pk__gt=last
        ).order_by("pk")
        return list(rows.values_list("pk", flat=True))

    agent_id = int(agent.session["_auth_user_id"])
    for path, data in (
        ("reply", {"body": "On its way.", "then": "resolved"}),
        ("note", {"body": "Ask the courier."}),
        ("status", {"status": "open"}),
        ("ticket", {}),
    ):
        last = Event.objects.latest("pk").pk
        actions.set_priority(conversation=now(conversation), priority=path, by=ada.actor, at=clock.now())
        answer = agent.post(f"{URL}/{path}", data, headers=HTMX)
        assert covered(answer) == since(last) != [], path
    assert covered(agent.post(f"{URL}/status", {"status": "open"}, headers=HTMX)) == []  # nothing has changed


def test_a_form_from_before_signing_in_elsewhere_says_so(ben: Member, conversation: Conversation) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ben.user)
    answer = browser.post(f"{URL}/reply", {"body": "x", "csrfmiddlewaretoken": "a" * 64}, headers=HTMX)
    assert (answer.status_code, answer["Desk-Problem"]) == (403, "outdated")
    assert "This page is out of date" in text_of(answer.content)


def test_a_page_of_another_session_neither_reads_nor_writes(
    agent: Client, ada: Member, conversation: Conversation
) -> None:
    login = agent.get(URL).context["bell"].login
    assert agent.get(URL, headers={**HTMX, "Desk-Login": login}).status_code == 200
    agent.force_login(ada.user)  # in another tab of the same browser
    for path, send in ((URL, agent.get), (f"{URL}/fresh", agent.get), (f"{URL}/status", agent.post)):
        answer = send(path, {"status": "resolved"}, headers={**HTMX, "Desk-Login": login})
        assert (answer.status_code, answer["Desk-Problem"]) == (403, "outdated"), path
        assert "It never came" not in text_of(answer.content)
    assert now(conversation).status == "open"


def test_snooze_until_tomorrow_is_nine_in_the_workspace(agent: Client, conversation: Conversation) -> None:
    Workspace.objects.filter(pk=conversation.workspace_id).update(time_zone="America/New_York")
    with time_machine.travel("2026-03-05T23:00:00Z", tick=False):
        agent.post(f"{URL}/snooze", {"choice": "tomorrow"})
        assert now(conversation).snoozed_until == datetime.fromisoformat("2026-03-06T09:00:00-05:00")
        agent.post(f"{URL}/wake")
        assert now(conversation).snoozed_until is None


def test_a_moment_that_was_typed_goes_with_no_choice(agent: Client, conversation: Conversation) -> None:
    forms = re.findall(r"<form[^>]*/snooze\?.*?</form>", agent.get(URL).content.decode(), re.S)
    assert [('value="20' in form, 'name="until"' in form) for form in forms] == [(True, False), (False, True)]


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
    assert "1 conversation linked" in text
    ticket = now(conversation).ticket
    assert ticket is not None
    assert ticket.subject == "Help with order"
    twice = agent.post(f"{URL}/ticket", {}, follow=True)
    assert "This conversation already has a ticket." in text_of(twice.content)
    agent.post(f"{URL}/unlink")
    assert now(conversation).ticket is None


def test_looking_at_a_thread_marks_it_read(agent: Client, conversation: Conversation) -> None:
    assert now(conversation).unread_count == 1
    assert "data-unread" in agent.get(URL).content.decode()
    assert now(conversation).unread_count == 1
    assert agent.post(f"{URL}/read").status_code == 204
    assert now(conversation).unread_count == 0
    receive(now(conversation), "Hello?")
    answer = agent.post(f"{URL}/read?view=open", headers=HTMX)
    assert re.search(rf'id="row-{conversation.pk}"\s+class="row is-read"', answer.content.decode())
    assert covered(answer) == [Event.objects.filter(type="conversation.read").latest("pk").pk]


def test_viewer_reads_and_leaves_the_unread_mark_to_the_team(viewer: Client, conversation: Conversation) -> None:
    assert "data-read" not in viewer.get(URL).content.decode()
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
        "snooze": {"choice": "tomorrow"}, "wake": {}, "ticket": {}, "unlink": {}, "undo": {"event": 1},
    }  # fmt: skip
    before = now(conversation)
    for path, data in posts.items():
        assert viewer.post(f"{URL}/{path}", data).status_code == 403, path
    after = now(conversation)
    assert (after.updated_at, after.message_count) == (before.updated_at, before.message_count)


def test_viewer_sees_the_status_as_the_team_does(viewer: Client, conversation: Conversation) -> None:
    shown = r'<span class="pill status--%s"[^>]*>\s*<i></i>\s*<span>%s'  # where there is no room, the words give way
    assert re.search(shown % ("open", "Open</span>"), viewer.get(URL).content.decode())
    Conversation.all_workspaces.update(snoozed_until=clock.now() + timedelta(days=1))
    assert re.search(shown % ("snoozed", "Snoozed</span>"), viewer.get(URL).content.decode())


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
