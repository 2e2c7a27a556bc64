"""Who gets into admin, and that nothing of another workspace can be reached from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.files.base import ContentFile
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import actions as account_actions
from accounts import clock, tenancy
from accounts.models import (
    ApiKey,
    Dispatch,
    Event,
    IdempotentRequest,
    Invitation,
    Membership,
    PushKey,
    PushSubscription,
    QueuedMail,
    QueuedPush,
    Team,
    User,
    Workspace,
)
from accounts.permissions import Actor, Role
from conversations import actions
from conversations.assistant import actions as assistant_actions
from conversations.channels.email import actions as mailbox_actions
from conversations.forms import actions as form_actions
from conversations.models import (
    Article,
    AssistantFrame,
    AssistantProposal,
    AssistantQueueItem,
    AssistantRun,
    AssistantThread,
    Attachment,
    AutomaticMail,
    BlockedSender,
    BulkJob,
    BulkRow,
    CallbackRequest,
    ChatRestore,
    ChatSession,
    Company,
    Contact,
    ContactAddress,
    ContactKey,
    ContactNote,
    ContactToCompare,
    Conversation,
    Delivery,
    DeliveryFile,
    DiscordBot,
    DiscordLink,
    DiscordMember,
    DiscordMessage,
    DiscordThread,
    DistinctContacts,
    Draft,
    DraftFile,
    EntryPoint,
    Erasure,
    Follower,
    Form,
    FormCount,
    FormOutcome,
    InboundMail,
    Macro,
    MacroUse,
    Mailbox,
    MailboxAddress,
    MailReference,
    Mention,
    Message,
    MessageVersion,
    Notification,
    Presence,
    SavedView,
    SavedViewFavorite,
    SearchDocument,
    SearchWord,
    Suggestion,
    SuppressedAddress,
    Tally,
    Widget,
)
from tests.conftest import Key, Member
from tests.factories import ArticleFactory, ConversationFactory, MacroFactory, MailboxFactory, UserFactory, reply
from tickets.models import Attribute, BusinessHours, Tag, Ticket, TicketNote, TicketNoteVersion, TicketNumbers

SECRET = "ZEBRA"
UNUSABLE = "!"


@dataclass(frozen=True)
class Elsewhere:
    """Rows of globex, one of every kind, each with SECRET in its words where it has words."""

    rows: dict[type[Model], Model]


@pytest.fixture
def elsewhere(globex: Workspace, cleo: Member, globex_key: Key) -> Elsewhere:
    by, at = Actor.system(globex.pk), clock.now()
    with tenancy.scope(globex):
        team = account_actions.save_team(workspace=globex, name=f"{SECRET} team", by=by, at=at)
        conversation = ConversationFactory(workspace=globex, subject=f"{SECRET} subject", body=f"{SECRET} body")
        message = reply(conversation, f"{SECRET} reply", uploads=[ContentFile(b"x", name=f"{SECRET}.txt")])
        actions.set_tags(conversation=conversation, names=[f"{SECRET}-tag"], by=by, at=at)
        ticket = actions.escalate(conversation=conversation, reason=SECRET, by=by, at=at)
        view = actions.create_view(workspace=globex, name=f"{SECRET} view", by=cleo.actor, at=at)
        actions.favorite_view(view=view, favorite=True, by=cleo.actor, at=at)
        run = assistant_actions.ask_assistant(workspace=globex, content=f"{SECRET} question", by=cleo.actor, at=at)
        waiting = assistant_actions.enqueue(thread=run.thread, content=f"{SECRET} next question", by=cleo.actor, at=at)
        invitation = account_actions.invite(
            workspace=globex, email=f"{SECRET}@globex.example", role=Role.AGENT, by=by, at=at
        ).invitation
        form = form_actions.create_form(workspace=globex, kind="contact", name=f"{SECRET} form", by=by, at=at)
        delivery = actions.schedule(
            conversation=conversation, body=f"{SECRET} later", send_after=at, by=cleo.actor, at=at,
            uploads=[ContentFile(b"x", name=f"{SECRET} later.txt")],
        )  # fmt: skip
        event = Event.objects.filter(workspace=globex).latest("pk")
        found = [
            globex, cleo.user, cleo.membership, invitation, team, globex_key.row, event, Dispatch.objects.get(event=event),
            IdempotentRequest.all_workspaces.create(
                workspace=globex, api_key=globex_key.row, method="POST", path=f"/{SECRET}", key=SECRET, body_hash="x"
            ),
            QueuedMail.objects.create(kind="reply", last_error=SECRET),
            delivery, delivery.files.get(), ticket, Tag.objects.first(), TicketNumbers.objects.get(), conversation, conversation.contact, message,
            Attachment.objects.get(message=message), EntryPoint.objects.first(), Tally.objects.get(),
            view, SavedViewFavorite.objects.get(),
            *_drafts(conversation, cleo),
            Follower.objects.create(conversation=conversation, user=cleo.user),
            Mention.objects.create(conversation=conversation, message=message, user=cleo.user),
            MessageVersion.objects.create(message=message, body=SECRET),
            Company.objects.create(name=f"{SECRET} Ltd"),
            ContactAddress.objects.create(contact=conversation.contact, kind="email", value=f"{SECRET.lower()}@example.com"),
            ContactNote.objects.create(contact=conversation.contact, body=SECRET),
            Erasure.objects.create(contact=conversation.contact),
            DistinctContacts.objects.create(
                first=conversation.contact, second=Contact.objects.create(name=SECRET, email=f"{SECRET.lower()}@other.example")
            ),
            Notification.objects.create(user=cleo.user, kind="assigned", conversation=conversation, event_id=1),
            *_push(cleo.user),
            ticket_note := TicketNote.objects.create(ticket=Ticket.objects.first(), body=SECRET),
            TicketNoteVersion.objects.create(note=ticket_note, body=SECRET),
            Attribute.objects.create(subject="contact", key="plan", name=f"{SECRET} plan", kind="text"),
            run.thread, run, AssistantFrame.objects.first(), waiting,
            AssistantProposal.objects.create(thread=run.thread, tool_name="hand_over", preview=SECRET),
            Suggestion.objects.create(kind="answer", conversation=conversation, text=SECRET),
            Article.objects.create(title=f"{SECRET} article", body=SECRET),
            macro := Macro.objects.create(name=f"{SECRET} macro", body=SECRET),
            MacroUse.objects.create(macro=macro, day=at, count=1),
            job := BulkJob.objects.create(effects=[{"do": "add_tags", "tags": [SECRET]}], row_count=1),
            BulkRow.objects.create(job=job, conversation=conversation, state="failed", reason=SECRET),
            form, FormCount.objects.create(form=form, day=at, outcome=FormOutcome.ACCEPTED, count=1),
            CallbackRequest.objects.create(conversation=conversation, phone_typed=SECRET, due_at=at),
            *_chat(conversation),
            *_mail(conversation, by, at),
            *_discord(message),
        ]  # fmt: skip
    return Elsewhere({type(row): row for row in found if row is not None})


def _push(user: User) -> list[Model]:
    """Rows of Web Push, whose browser is of no workspace."""
    browser = PushSubscription.objects.create(
        user=user, endpoint=SECRET, endpoint_hash=SECRET, p256dh=SECRET, auth=SECRET, browser=SECRET
    )
    key = PushKey.objects.create(pk=1, public=SECRET, sealed=SECRET)
    return [browser, key, QueuedPush.objects.create(subscription=browser, kind=SECRET)]


def _chat(conversation: Conversation) -> list[Model]:
    """Rows of live chat in the open workspace."""
    widget = Widget.objects.create(name=SECRET)
    session = ChatSession.objects.create(widget=widget, contact=conversation.contact, token_hash="0" * 64)
    restore = ChatRestore.objects.create(
        widget=widget, email=f"{SECRET}@example.com", token_hash="0" * 64, page=SECRET, expires_at=session.created_at
    )
    return [widget, session, restore, BusinessHours.objects.create(time_zone="UTC", weekly={})]


def _mail(conversation: Conversation, by: Actor, at: datetime) -> list[Model]:
    """Rows of mail in the open workspace."""
    mailbox = MailboxFactory(workspace=conversation.workspace, address=f"{SECRET}@globex.example")
    delivery = Delivery.objects.create(
        conversation=conversation, channel="email", body=SECRET, reason=SECRET, state="cancelled"
    )
    return [
        mailbox,
        MailboxAddress.objects.get(),
        InboundMail.objects.create(mailbox=mailbox, source="imap", raw="x", size=1, digest="0" * 64, subject=SECRET),
        MailReference.objects.create(key=SECRET, conversation=conversation),
        delivery,
        DeliveryFile.objects.create(delivery=delivery, file="x", name=SECRET, content_type="text/plain", size=1),
        AutomaticMail.objects.create(address=f"{SECRET}@example.com", kind="reply"),
        mailbox_actions.suppress(
            workspace=conversation.workspace, address=f"{SECRET}@example.com", reason=SECRET, by=by, at=at
        ),
        mailbox_actions.block_sender(workspace=conversation.workspace, pattern=f"{SECRET}@example.com", by=by, at=at),
    ]


def _drafts(conversation: Conversation, who: Member) -> list[Model]:
    """What is written and not sent, and who is there."""
    draft = Draft.objects.create(conversation=conversation, user=who.user, kind="reply", body=f"{SECRET} draft")
    return [
        draft,
        DraftFile.objects.create(draft=draft, file="x", name=SECRET, content_type="text/plain", size=1),
        Presence.objects.create(conversation=conversation, user=who.user),
    ]


def _discord(message: Message) -> list[Model]:
    """Rows of Discord in the open workspace."""
    thread = DiscordThread.objects.create(
        discord_id=1, parent_id=2, name=f"{SECRET} thread", conversation=message.conversation
    )
    member = DiscordMember.objects.create(discord_id=1, name=f"{SECRET} member", contact=message.conversation.contact)
    return [
        DiscordBot.objects.create(user_id=1, guild_id=1, name=f"{SECRET} bot", failure=SECRET),
        thread,
        member,
        DiscordMessage.objects.create(discord_id=1, thread=thread, message=message),
        DiscordLink.objects.create(member=member, email=f"{SECRET}@example.com", expires_at=clock.now()),
    ]


KINDS = [
    Workspace, User, Membership, Invitation, Team, ApiKey, Event, Dispatch, IdempotentRequest, QueuedMail, PushKey, PushSubscription,
    QueuedPush, Ticket, Tag, TicketNote, TicketNoteVersion, TicketNumbers,
    Conversation, Contact, Message, Attachment, Delivery, DeliveryFile, Draft, DraftFile, Presence, EntryPoint, Tally, SavedView, SavedViewFavorite, Follower, Mention, MessageVersion, Notification, Attribute,
    Company, ContactAddress, ContactNote, DistinctContacts, Erasure,
    AssistantThread, AssistantRun, AssistantFrame, AssistantQueueItem, AssistantProposal, Suggestion, Article, Macro, MacroUse, BulkJob, BulkRow,
    Form, FormCount, CallbackRequest, Widget, ChatSession, ChatRestore, BusinessHours,
    Mailbox, MailboxAddress, InboundMail, MailReference, AutomaticMail, SuppressedAddress, BlockedSender,
    DiscordBot, DiscordThread, DiscordMember, DiscordMessage, DiscordLink,
]  # fmt: skip


INDEXES = {SearchDocument, SearchWord, ContactKey, ContactToCompare}
"""What the database keeps for searches and comparisons alone: nothing in it is for people to read."""


def url(kind: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{kind._meta.app_label}_{kind._meta.model_name}_{page}", args=args)


def test_every_model_of_the_desk_is_in_admin_and_in_these_tests() -> None:
    own = {
        model
        for app in ("accounts", "tickets", "conversations")
        for model in apps.get_app_config(app).get_models()
        if not model._meta.auto_created and model not in INDEXES
    }
    shown = {
        model for model in admin.site._registry if model._meta.app_label in ("accounts", "tickets", "conversations")
    }
    assert shown == own
    assert own == set(KINDS)


@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("eli", 200), ("ben", 403), ("vic", 403)])
def test_owners_and_admins_get_in_and_others_see_a_page_that_says_why_not(
    request: pytest.FixtureRequest, who: str, status: int
) -> None:
    client = request.getfixturevalue(who).signed_in()
    assert client.get(reverse("admin:index"), follow=True).status_code == status


def test_nobody_signs_in_past_the_limits_of_the_desks_own_page(db: None) -> None:
    answer = Client().get(reverse("admin:index"))
    assert answer.url == f"{reverse('admin:login')}?next=/admin/"  # type: ignore[attr-defined]
    answer = Client().post(answer.url, {"username": "x", "password": "y"})  # type: ignore[attr-defined]
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))  # type: ignore[attr-defined]


def test_someone_who_was_put_out_of_the_desk_is_out_of_admin_at_once(as_ada: Client, ada: Member) -> None:
    User.objects.filter(pk=ada.user.pk).update(is_active=False)
    assert as_ada.get(reverse("admin:index")).status_code == 302


def test_no_list_shows_anything_of_another_workspace(as_ada: Client, elsewhere: Elsewhere) -> None:
    for kind, row in elsewhere.rows.items():
        for query in ("", "?q=" + SECRET.lower(), "?all="):  # the page repeats what was asked for, in lower case
            page = as_ada.get(url(kind, "changelist") + query)
            assert page.status_code == 200
            words = page.content.decode()
            assert not any(secret in words for secret in (SECRET, "Globex", "Cleo")), kind
            assert row.pk not in {shown.pk for shown in page.context["cl"].result_list}


@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_page_of_another_workspaces_row_is_as_a_missing_one(as_ada: Client, elsewhere: Elsewhere, page: str) -> None:
    sent = {"do": "note", "note-body": "x", "post": "yes"}
    for kind, row in elsewhere.rows.items():
        for ask in (as_ada.get, as_ada.post):
            there, nowhere = (ask(url(kind, page, pk), sent) for pk in (row.pk, 9_999_999))
            assert there.status_code == nowhere.status_code, kind
            assert there.status_code in (302, 403), kind
            assert SECRET not in there.content.decode()
        assert kind._base_manager.filter(pk=row.pk).exists()


PICKERS = [
    ("conversations.conversation", "contact"), ("tickets.ticket", "assignee"), ("tickets.ticket", "team"),
    ("accounts.team", "members"),
]  # fmt: skip


def test_pickers_find_only_ones_own(as_ada: Client, ben: Member, elsewhere: Elsewhere) -> None:
    contact = elsewhere.rows[Contact]
    assert isinstance(contact, Contact)
    for model, field in PICKERS:
        app, name = model.split(".")
        for term in ("", SECRET, "cleo", contact.email):
            answer = as_ada.get(
                reverse("admin:autocomplete"), {"app_label": app, "model_name": name, "field_name": field, "term": term}
            )
            assert answer.status_code == 200
            texts = [found["text"] for found in answer.json()["results"]]
            assert not any(SECRET in text or "Cleo" in text or contact.name in text for text in texts)
            assert texts == [] or term == ""


def test_filters_name_nobody_else(as_ada: Client, ben: Member, elsewhere: Elsewhere) -> None:
    ConversationFactory(workspace=ben.membership.workspace)
    for kind in (Conversation, Ticket):
        words = as_ada.get(url(kind, "changelist")).content.decode()
        assert "Ben Kimura" in words
        assert "Cleo" not in words


def test_filter_by_anothers_workspace_or_by_nonsense_shows_nothing_and_breaks_nothing(
    as_ada: Client, elsewhere: Elsewhere
) -> None:
    for query in ("?in=globex", "?in=%00", "?assignee=99999999999999999999", "?assignee=x", "?queue=zz", "?kind=zz"):
        assert as_ada.get(url(Conversation, "changelist") + query).status_code in (200, 302)
        assert as_ada.get(url(Event, "changelist") + query).status_code in (200, 302)


def test_rows_are_filtered_by_nothing_that_the_list_does_not_show(as_ada: Client, ben: Member, acme_key: Key) -> None:
    """An owner who sees how many rows begin with a letter can read a colleague's hash, one letter after the other."""
    hidden = {
        User: ("password__startswith=argon2", "password=x"),
        ApiKey: ("secret_hash__startswith=a",),
        Workspace: ("identity_secret__startswith=a", "previous_identity_secret__gt=a"),
        Membership: ("user__password__startswith=a",),
        Conversation: ("contact__email__startswith=a", "metadata__contains=a"),
        Mailbox: ("sealed__startswith=a", "ingress_hash__startswith=a"),
    }
    for kind, queries in hidden.items():
        for query in queries:
            assert as_ada.get(f"{url(kind, 'changelist')}?{query}").status_code == 400, query
    shown = {
        User: ("is_active__exact=1", "email__contains=ben"),
        ApiKey: ("kind__exact=server",),
        Conversation: ("contact__id__exact=1", "status__exact=open", "created_at__year=2026", "id__exact=1"),
        Event: ("at__gte=2026-01-01 00:00:00Z",),
    }
    for kind, queries in shown.items():
        for query in queries:
            assert as_ada.get(f"{url(kind, 'changelist')}?{query}").status_code == 200, query


def test_bulk_actions_do_not_touch_another_workspaces_row(as_ada: Client, elsewhere: Elsewhere) -> None:
    before = Event.objects.count()
    for kind, names in (
        (Conversation, ("resolve", "reopen", "close", "assign_to_me")),
        (Ticket, ("resolve", "reopen", "delete_selected")),
        (ApiKey, ("revoke_selected",)),
        (Membership, ("delete_selected",)),
        (SavedView, ("delete_selected",)),
        (Article, ("publish", "unpublish", "delete_selected")),
        (Macro, ("delete_selected",)),
        (Mailbox, ("delete_selected",)),
        (SuppressedAddress, ("delete_selected",)),
        (BlockedSender, ("delete_selected",)),
    ):
        for name in names:
            given = {"action": name, "_selected_action": [elsewhere.rows[kind].pk], "post": "yes"}
            as_ada.post(url(kind, "changelist"), given)
    assert Event.objects.count() == before


def test_forms_take_no_row_of_another_workspace(as_ada: Client, acme: Workspace, elsewhere: Elsewhere) -> None:
    own = ConversationFactory(workspace=acme)
    stranger, team = elsewhere.rows[User], elsewhere.rows[Team]
    before = Event.objects.count()
    page = as_ada.post(
        url(Conversation, "change", own.pk), {"do": "assign", "assign-assignee": stranger.pk, "assign-team": team.pk}
    )
    assert page.status_code == 200
    ticket = elsewhere.rows[Ticket]
    page = as_ada.post(
        url(Conversation, "change", own.pk),
        {"do": "ticket", "ticket-what": "link", "ticket-number": ticket.number + 70},  # type: ignore[attr-defined]
    )
    assert "There is no ticket with this number." in page.content.decode()
    key = {"workspace": elsewhere.rows[Workspace].pk, "name": "x", "kind": "server", "scopes": ["conversation:read"]}
    assert as_ada.post(url(ApiKey, "add"), key).status_code == 200
    for kind, words in ((Article, {"title": "x", "visibility": "public"}), (Macro, {"name": "x"})):
        given = {"workspace": elsewhere.rows[Workspace].pk, "body": "x", **words}
        assert as_ada.post(url(kind, "add"), given).status_code == 200
    contact = {"contact": elsewhere.rows[Contact].pk, "subject": "x", "priority": "normal", "body": "x"}
    assert as_ada.post(url(Conversation, "add"), contact).status_code == 200
    assert Event.objects.count() == before


def test_own_pages_of_admin_hide_another_workspaces_row(as_ada: Client, elsewhere: Elsewhere) -> None:
    for kind, page in (
        (Workspace, "identity"),
        (ApiKey, "revoke"),
        (Invitation, "revoke"),
        (Invitation, "resend"),
        (Attachment, "download"),
    ):
        for ask in (as_ada.get, as_ada.post):
            assert ask(url(kind, page, elsewhere.rows[kind].pk)).status_code == 404


def test_a_person_of_two_workspaces_sees_the_one_they_run(
    acme: Workspace, globex: Workspace, elsewhere: Elsewhere
) -> None:
    both = UserFactory(email="both@example.com", name="Bo Both")
    at = clock.now()
    for workspace, role in ((acme, Role.ADMIN), (globex, Role.AGENT)):
        account_actions.add_member(workspace=workspace, user=both, role=role, by=Actor.system(workspace.pk), at=at)
    ConversationFactory(workspace=acme, subject="Ours")
    client = Client()
    client.force_login(both, backend="allauth.account.auth_backends.AuthenticationBackend")
    words = client.get(url(Conversation, "changelist")).content.decode()
    assert "Ours" in words
    assert SECRET not in words


def test_superuser_sees_every_workspace(as_root: Client, acme: Workspace, elsewhere: Elsewhere) -> None:
    for kind, row in elsewhere.rows.items():
        assert as_root.get(url(kind, "changelist")).status_code == 200
        assert as_root.get(url(kind, "change", row.pk)).status_code == 200


def test_lists_ask_the_same_number_of_queries_for_one_row_and_for_twenty(
    as_root: Client, elsewhere: Elsewhere, globex: Workspace, cleo: Member
) -> None:
    def asked() -> dict[str, int]:
        counts = {}
        for kind in KINDS:
            with CaptureQueriesContext(connection) as queries:
                assert as_root.get(url(kind, "changelist")).status_code == 200
            counts[kind.__name__] = len(queries)
        return counts

    before = asked()
    by, password = Actor.system(globex.pk), UNUSABLE
    with tenancy.scope(globex):
        for number in range(20):
            at = clock.now() + timedelta(seconds=number)
            person = User.objects.create(email=f"{number}@globex.example", password=password)
            account_actions.add_member(workspace=globex, user=person, role=Role.AGENT, by=by, at=at)
            account_actions.invite(
                workspace=globex, email=f"new{number}@globex.example", role=Role.AGENT, by=cleo.actor, at=at
            )
            account_actions.save_team(workspace=globex, name=f"Team {number}", members=[person], by=by, at=at)
            conversation = ConversationFactory(workspace=globex)
            actions.assign(conversation=conversation, to=person, by=by, at=at)
            actions.set_tags(conversation=conversation, names=[f"tag {number}"], by=by, at=at)
            reply(conversation, uploads=[ContentFile(b"x", name="a.txt")])
            actions.escalate(conversation=conversation, by=by, at=at)
            view = actions.create_view(workspace=globex, name=f"View {number}", by=cleo.actor, at=at)
            ArticleFactory(workspace=globex, by=cleo.actor)
            MacroFactory(workspace=globex, by=cleo.actor)
            actions.favorite_view(view=view, favorite=True, by=cleo.actor, at=at)
            run = assistant_actions.ask_assistant(workspace=globex, content=f"Question {number}", by=cleo.actor, at=at)
            assistant_actions.enqueue(thread=run.thread, content="And then?", by=cleo.actor, at=at)
    assert asked() == before
    assert max(before.values()) <= 12


def test_conversation_page_asks_the_same_number_of_queries_however_long_the_thread(
    as_ada: Client, ada: Member, acme: Workspace
) -> None:
    conversation = ConversationFactory(workspace=acme)
    page = url(Conversation, "change", conversation.pk)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert as_ada.get(page).status_code == 200
        return len(queries)

    reply(conversation, uploads=[ContentFile(b"x", name="a.txt")])
    before = asked()
    for number in range(20):
        reply(conversation, by=ada.actor, uploads=[ContentFile(b"x", name=f"{number}.txt")])
    assert asked() == before
    assert before <= 20


def test_index_shows_what_people_come_for_and_keeps_the_rest_under_system(as_ada: Client) -> None:
    page = as_ada.get(reverse("admin:index"))
    everyday, system = page.context["app_list"]
    assert [model["name"] for model in everyday["models"]] == [
        "Workspaces", "People", "Teams", "API keys", "Conversations", "Contacts", "Tickets", "Recent activity",
    ]  # fmt: skip
    kept = {model["object_name"] for model in system["models"]}
    assert {"AssistantFrame", "Tally", "Dispatch", "IdempotentRequest"} <= kept
    assert len(kept) + 8 == len(KINDS)
    before, after = page.content.decode().split("<summary>System</summary>")
    assert "Assistant frames" not in before
    assert "Assistant frames" in after
