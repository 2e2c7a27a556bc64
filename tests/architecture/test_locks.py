"""One order of locks: every verb takes its locks in the order of accounts/transaction.py, and no two verbs at once wait in a circle."""

from __future__ import annotations

import copy
import inspect
import os
import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import combinations_with_replacement
from threading import Barrier
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.files.base import ContentFile
from django.db import OperationalError, connection, transaction

from accounts import actions as account_actions
from accounts import clock, sealed, tenancy
from accounts.credentials import links
from accounts.errors import DomainError
from accounts.models import Event, KeyKind, Workspace
from accounts.permissions import Actor, Role, Visibility
from conversations import actions
from conversations.actions.entries import Door
from conversations.assistant import actions as assistant_actions
from conversations.assistant import runs
from conversations.assistant.actions.proposals import Decision
from conversations.assistant.engines.protocol import Call, Draft, Step
from conversations.bulk import actions as bulk_actions
from conversations.bulk import working
from conversations.channels.discord import actions as discord_actions
from conversations.channels.discord import links as discord_links
from conversations.channels.discord import payloads
from conversations.channels.email import actions as mailbox_actions
from conversations.chat import actions as chat_actions
from conversations.chat import restores, sessions
from conversations.chat.proofs import Identity
from conversations.forms import actions as form_actions
from conversations.knowledge import actions as knowledge_actions
from conversations.mail.parsing import parse
from conversations.models import (
    AssistantProposal,
    Channel,
    Contact,
    Conversation,
    DeliveryStatus,
    Erasure,
    Inbound,
    InboundMail,
    Macro,
    Mailbox,
    SuggestionKind,
    Widget,
)
from tests.architecture.test_verbs import VERBS
from tests.conftest import Member
from tests.factories import (
    PASSWORD,
    ArticleFactory,
    ContactFactory,
    ConversationFactory,
    MacroFactory,
    MailboxFactory,
    UserFactory,
    api_key,
)
from tickets import actions as ticket_actions
from tickets import tags
from tickets.models import Tag

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = int(os.environ.get("LOCK_ROUNDS", "1"))
"""How often two verbs are tried at once; `make soak` does it more often."""
# Not here: mails that came in. Who takes one in holds it first, and it is in no conversation yet; what else changes mails
# finds them by their conversation.
RANKS = {
    "accounts_workspace": 2, "accounts_invitation": 2, "accounts_membership": 2, "accounts_user": 2, "accounts_team": 2, "accounts_apikey": 2,
    "mfa_authenticator": 2.1, "django_session": 2.1, "usersessions_usersession": 2.2,
    "conversations_widget": 2.3, "conversations_form": 2.31, "conversations_discordbot": 2.32,
    "conversations_chatrestore": 2.4, "conversations_chatsession": 2.5, "the name of a contact": 3, "conversations_company": 3.4, "conversations_contact": 3.5, "conversations_assistantthread": 4,
    "conversations_discordthread": 4.5, "conversations_conversation": 5, "conversations_mailbox": 5.5, "conversations_tally": 6,
    "tickets_ticket": 7, "tickets_ticketnumbers": 8,
    "conversations_savedview": 9, "conversations_savedviewfavorite": 9.1, "conversations_draft": 9, "conversations_article": 9, "conversations_macro": 9, "tickets_tag": 9, "tickets_ticketnote": 9,
    "conversations_suppressedaddress": 9, "conversations_blockedsender": 9,
    "conversations_macrouse": 9.5, "conversations_bulkjob": 10, "conversations_bulkrow": 10,
}  # fmt: skip
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c494441"
    "54789c63106868000001b401119ff016020000000049454e44ae426082"
)
"""One pixel."""
ALWAYS_SHARED = {"conversations_tally", "tickets_ticketnumbers", "tickets_tag"}  # an insert meets the rows of others
_STATEMENT = re.compile(
    r"^(?P<select>SELECT)\b.*? FROM \"?(?P<read>\w+)\"?.* FOR (?:NO KEY )?UPDATE|"
    r"^UPDATE \"?(?P<update>\w+)|^DELETE FROM \"?(?P<delete>\w+)|^INSERT INTO \"?(?P<insert>\w+)|"
    r"^SELECT (?P<name>pg_advisory_xact_lock)",
    re.S,
)


_PART = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) \"?\w+")


class Undone(Exception):
    """Ends a transaction that is only tried."""


@pytest.fixture
def scene(acme: Workspace, ada: Member, ben: Member) -> Iterator[dict[str, Any]]:
    """A row of every kind, each in a state that the verbs have something to do with."""
    by, at = Actor.system(acme.pk), clock.now()
    act: dict[str, Any] = {"by": by, "at": at}
    with tenancy.scope(acme):
        contact = ContactFactory(workspace=acme)
        talk = ConversationFactory(workspace=acme, contact=contact)
        ticket = actions.escalate(conversation=talk, **act)
        other = ConversationFactory(workspace=acme, contact=contact)
        actions.link(conversation=other, ticket=ticket, **act)
        ticket_actions.set_status(ticket=ticket, status="pending", **act)
        second = actions.escalate(conversation=ConversationFactory(workspace=acme), **act)
        loose = ConversationFactory(workspace=acme, contact=contact)
        snoozed = ConversationFactory(workspace=acme, contact=contact)
        actions.link(conversation=snoozed, ticket=ticket, **act)
        actions.snooze(conversation=snoozed, until=at + timedelta(days=1), **act)
        done = ConversationFactory(workspace=acme, contact=contact)
        actions.set_status(conversation=done, status="resolved", **act)
        change = Event.objects.filter(type="conversation.status_changed").latest("pk")
        closed = ConversationFactory(workspace=acme, contact=contact)
        actions.assign(conversation=closed, to=ben.user, **act)
        actions.set_status(conversation=closed, status="closed", **act)

        def asked(answer: Draft | None) -> Any:
            """A thread at work on its first question, or at rest after an answer; its conversation has the ticket too."""
            run = assistant_actions.ask_assistant(workspace=acme, content="How?", **act)
            run = runs.claim(run.pk, at)
            assert run is not None
            assistant_actions.enqueue(thread=run.thread, content="And?", **act)
            actions.link(conversation=run.thread.conversation, ticket=ticket, **act)
            if answer is not None:
                assistant_actions.clear_queue(thread=run.thread, **act)
                assistant_actions.answer_run(run=run, draft=answer, engine="builtin", **act)
                run.thread.refresh_from_db()
            return run

        busy, resting, proposed = asked(None), asked(Draft("So.")), asked(Draft("Like this."))
        waiting = copy.copy(proposed.thread)
        proposal = AssistantProposal.objects.create(thread=proposed.thread, tool_name="hand_over", preview="Call.")
        # Waits in a thread at rest: it came just after the last answer.
        queued = assistant_actions.enqueue(thread=waiting, content="Also?", **act)
        single = ticket_actions.open_ticket(workspace=acme, **act)
        calls = [
            ConversationFactory(
                workspace=acme, contact=contact, door=Door(Channel.CALLBACK, "test"), metadata={"phone": "1"}
            )
            for _ in range(2)
        ]
        actions.link(conversation=calls[0], ticket=ticket, **act)
        request, made = (call.callbacks.get() for call in calls)
        actions.mark_called(request=made, **act)
        widget = Widget.objects.create(workspace=acme, name="Website")
        visiting = {"by": sessions.visitor(widget), "at": at}
        opened = chat_actions.start_session(widget=widget, **visiting)
        session = opened.session
        tracked, tracked_closed = (
            chat_actions.start_ticket(session=session, body="Hello?", **act).conversation for _ in range(2)
        )
        actions.set_status(conversation=tracked_closed, status="closed", **act)
        known = Identity(is_signed=False, email="lost@example.com")
        lost = chat_actions.start_session(widget=widget, identity=known, **visiting).session
        chat_actions.start_ticket(session=lost, body="Where?", **act)
        restore = chat_actions.request_restore(
            widget=widget, email="lost@example.com", page="https://shop.example/?token={token}", **visiting
        )
        chat = chat_actions.start_conversation(session=session, body="Hello?", **act).conversation
        actions.link(conversation=chat, ticket=ticket, **act)
        answer = actions.reply(conversation=chat, body="Yes?", **act)
        helped = chat_actions.start_conversation(session=session, body="Thanks", **act).conversation
        actions.set_status(conversation=helped, status="resolved", **act)
        form = form_actions.create_form(workspace=acme, kind="contact", name="Website", **act)
        note = actions.note(conversation=talk, body="Inside.", **act)
        sent = actions.reply(conversation=other, body="Hello.", **act)
        mistaken = actions.receive(conversation=other, body="Not here.", **act)
        actions.move_message(message=mistaken, to=talk, **act)
        spam = ConversationFactory(workspace=acme)
        actions.mark_spam(conversation=spam, block="sender", **act)
        binned = ConversationFactory(workspace=acme, contact=contact)
        actions.link(conversation=binned, ticket=ticket, **act)
        actions.trash(conversation=binned, **act)
        merged, merged_too, gathered = (ConversationFactory(workspace=acme, contact=contact) for _ in range(3))
        actions.merge(conversations=[merged, merged_too], into=gathered, **act)
        actions.follow(conversation=talk, user=ben.user, **act)
        suggestion = assistant_actions.make_suggestion(conversation=talk, draft=Draft("Try."), engine="builtin", **act)
        assert suggestion.kind == SuggestionKind.DRAFT
        actions.assign(conversation=loose, to=ben.user, **act)
        for row in (loose, done):
            actions.save_draft(conversation=row, kind="reply", body="Not yet.", by=ben.actor, at=at)
        actions.discard_draft(conversation=done, kind="reply", by=ben.actor, at=at)
        ticket_actions.assign(ticket=single, to=ben.user, **act)
        invitation = account_actions.invite(workspace=acme, email="nia@example.com", role=Role.AGENT, **act).invitation
        mailed = ConversationFactory(workspace=acme, door=Door(Channel.EMAIL, "test"))
        sending, failed, undelivered = (actions.reply(conversation=mailed, body="By mail.", **act) for _ in range(3))
        actions.mark_failed(delivery=failed.delivery, code="refused", reason="It was refused.", **act)
        undelivered.delivery.delete()  # as an earlier version leaves it
        chatted = ConversationFactory(workspace=acme, contact=contact, door=Door(Channel.CHAT, "test"))
        actions.reply(conversation=chatted, body="Are you there?", by=by, at=at)
        later = {"send_after": at, "body": "Later.", "by": ben.actor, "at": at}
        tags.remember(acme.pk, ["apex", "zeal"], at)
        team, second_team = (
            account_actions.save_team(workspace=acme, name=name, members=[ben.user], **act) for name in ("Day", "Night")
        )
        authenticator = Authenticator.objects.create(
            user=ben.user, type=Authenticator.Type.TOTP, data={"secret": sealed.seal({"text": "secret"})}
        )
        with_team = ConversationFactory(workspace=acme, contact=contact)
        actions.assign(conversation=with_team, team=team, **act)
        actions.set_tags(conversation=with_team, names=["apex"], **act)
        ticket_actions.assign(ticket=second, team=team, **act)
        ticket_actions.set_tags(ticket=second, names=["apex"], **act)
        alias = EmailAddress.objects.create(user=ben.user, email="alias@example.com", verified=True)
        article = ArticleFactory(workspace=acme)
        mailbox = MailboxFactory(workspace=acme, assignee=ben.user)
        mail = InboundMail.objects.create(
            mailbox=mailbox, source="imap", raw="none", size=1, digest="0" * 64, state="quarantined"
        )
        mails = {
            "mailbox": mailbox, "mail": mail, "second_mailbox": MailboxFactory(workspace=acme),
            "posted": MailboxFactory(workspace=acme, inbound=Inbound.INGRESS),
            "suppressed": mailbox_actions.suppress(workspace=acme, address="gone@example.com", reason="Gone.", **act),
            "sender": mailbox_actions.block_sender(workspace=acme, pattern="@bad.example", **act),
        }  # fmt: skip
        mailbox_actions.mark_disconnected(mailbox=mails["second_mailbox"], reason="Refused.", **act)
        Mailbox.objects.filter(pk=mailbox.pk).update(backfill_days=3)
        forum = {"id": "2", "name": "help", "type": 15, "tags": []}
        general = {"id": "3", "name": "general", "type": 0, "tags": []}
        bot = discord_actions.connect_bot(
            workspace=acme,
            token="a token",
            user=(1, "Desk"),
            guild=(1, "Acme"),
            channels=[forum],
            private_channel=general,
            **act,
        )
        author = {"id": "7", "username": "eve"}
        about = {"id": "5", "parent_id": "2", "type": 11, "name": "Lamp", "applied_tags": []}
        words = {
            "id": "5",
            "channel_id": "5",
            "author": author,
            "content": "Dark.",
            "timestamp": "2026-11-30T10:00:00Z",
        }
        met = discord_actions.meet_member(workspace=acme, author=payloads.post(words).author, **act)
        post = discord_actions.see_thread(workspace=acme, thread=payloads.thread(about), **act)
        taken = discord_actions.take_in(thread=post, post=payloads.post(words), member=met, body="Dark.", **act)
        link = discord_actions.request_link(member=met, at=at - timedelta(minutes=5), by=by)
        assert link is not None
        link = discord_actions.send_code(link=link, email="eve@example.com", **act)
        discord = {
            "bot": bot, "post_row": post, "met": met, "link": link, "taken": taken,
            "new_thread": payloads.thread({**about, "id": "6"}), "new_post": payloads.post({**words, "id": "8"}),
            "edited_post": payloads.post({**words, "content": "Lit.", "edited_timestamp": "2026-11-30T11:00:00Z"}),
        }  # fmt: skip
        double, merged, waiting_one, gone_one = (ContactFactory(workspace=acme) for _ in range(4))
        ConversationFactory(workspace=acme, contact=merged)
        actions.merge_contacts(contact=merged, into=ContactFactory(workspace=acme), **act)
        company = actions.create_company(workspace=acme, name="Example", **act)
        actions.set_company(contact=double, company=company, **act)
        absorbed = actions.create_company(workspace=acme, name="Fourth", **act)
        actions.merge_companies(company=absorbed, into=company, **act)
        absorbed.refresh_from_db()
        fields = [
            ticket_actions.create_attribute(workspace=acme, subject=subject, name=name, kind="text", **act)
            for subject, name in (("contact", "Plan"), ("contact", "Seats"), ("ticket", "Plan"))
        ]
        customers = {
            "company": company, "absorbed": absorbed, "second_company": actions.create_company(workspace=acme, name="Second", **act), "double": double,
            "merged": Contact.objects.get(pk=merged.pk),
            "blocked": actions.block_contact(contact=ContactFactory(workspace=acme), **act),
            "phone": actions.add_address(contact=double, kind="phone", value="030 12", **act),
            "about": actions.add_contact_note(contact=double, body="Inside.", **act),
            "bare": ticket_actions.open_ticket(workspace=acme, **act), "noted": ticket_actions.add_note(ticket=ticket, body="Inside.", **act)[0], "attribute": fields[0],
            "waiting_erasure": Erasure.objects.create(contact=waiting_one),
            "erasure": Erasure.objects.create(contact=contact, state="running"),
            "last_erasure": Erasure.objects.create(contact=gone_one, state="running"),
        }  # fmt: skip
        scene = {
            **mails, **discord, **customers,
            "workspace": acme, "contact": contact, "conversation": talk, "ticket": ticket, "second": second, "loose": loose,
            "snoozed": snoozed, "done": done, "closed": closed, "request": request, "made": made, "form": form, "widget": widget, "session": session, "session_token": opened.token, "stranger": lost.contact, "restore": restore, "tracked": tracked, "tracked_closed": tracked_closed, "chat": chat, "answer": answer, "helped": helped, "event_id": change.pk, "thread": busy.thread, "run": busy,
            "resting": resting.thread, "waiting": waiting, "proposal": proposal, "item": queued, "message": note,
            "sent": sent, "other": other, "spam": spam, "binned": binned, "gathered": gathered,
            "moved_event_id": Event.objects.get(type="conversation.messages_moved").pk,
            "spam_event_id": Event.objects.get(type="conversation.spam_marked").pk, "suggestion": suggestion, "article": article, "macro": MacroFactory(workspace=acme, effects=[{"do": "add_tags", "tags": ["apex", "zest"]}]),
            "draft_article": ArticleFactory(workspace=acme, published=False),
            "view": actions.create_view(workspace=acme, name="Mine", condition={"field": "tag", "is": "apex"}, **act), "membership": ben.membership,
            "key": api_key(acme)[0], "team": team, "second_team": second_team,
            "authenticator": authenticator, "with_team": with_team,
            "tag": Tag.objects.get(name="apex"), "second_tag": Tag.objects.get(name="zeal"),
            "user": UserFactory(), "gone": UserFactory(is_active=False), "invitation": invitation, "alias": alias.email, "single": single, "agent": ben.actor, "member": ben.user,
            "delivery": actions.schedule(conversation=loose, **later), "sending": sending.delivery, "failed": failed.delivery,
            "undelivered": undelivered, "chatted": chatted, "answered": actions.schedule(conversation=busy.thread.conversation, **later), **act,
        }  # fmt: skip
        favorites = [actions.create_view(workspace=acme, name=name, **act) for name in ("First", "Second")]
        for one in favorites:
            actions.favorite_view(view=one, favorite=True, by=ben.actor, at=at)
        scene["favorites"] = favorites
        caused, many = (ConversationFactory(workspace=acme, contact=contact) for _ in range(2))
        chosen: dict[str, Any] = {"workspace": acme, "effects": EFFECTS, "conversations": [many.pk], **act}
        job, over = bulk_actions.start_job(**chosen), working.work(bulk_actions.start_job(**chosen))
        cause = knowledge_actions.apply_macro(macro=macro_with_effects(acme), conversation=caused, **act).event
        yield {**scene, "job": job, "over": over, "conversations": [many.pk], "cause": cause, "caused": caused}


EFFECTS = [
    {"do": "assign", "to": "nobody"}, {"do": "priority", "priority": "low"}, {"do": "add_tags", "tags": ["zest"]},
    {"do": "note", "text": "Some words."}, {"do": "open_ticket"}, {"do": "status", "status": "resolved"},
]  # fmt: skip


def macro_with_effects(workspace: Workspace) -> Macro:
    return MacroFactory(workspace=workspace, effects=EFFECTS)


VALUES: dict[str, Any] = {
    "body": "Some words.", "content": "Some words.", "subject": "Other", "title": "Other", "name": "Other",
    "reason": "A reason.", "status": "resolved", "priority": "high", "names": ["zeal", "apex"], "slug": "fresh",
    "role": Role.ADMIN, "kind": KeyKind.SERVER, "scopes": ["conversation:read"], "engine": "builtin", "code": "broken",
    "effects": [{"do": "read"}], "favorite": True, "text": "Some words.", "from_customer": True, "is_change": True, "call": Call.ASKED, "request_id": 1,
    "email": "fresh@example.com", "address": "fresh@example.com", "pattern": "@fresh.example", "days": 7,
    "keys": {"mailgun_signing_key": "a key"}, "parsed": parse(b"From: eve@example.com\r\nSubject: New\r\n\r\nHello"),
    "oauth": {"access": "a", "refresh": "b", "expires_at": 0}, "password": PASSWORD, "is_superuser": True,
    "visibility": Visibility.TEAMS, "is_required": True, "change": "added", "ways": {"assigned": ["mail"]}, "quiet": None,
    "sound": True, "hue": 200, "by_name": "zeal",
    "draft": Draft("Other.", step=Step.HAND_OVER, reason="No idea."), "door": Door(Channel.API, "test"),
}  # fmt: skip
"""What a parameter of this name is given, unless the scene has a row of its name."""


def variants(name: str, s: dict[str, Any]) -> list[dict[str, Any]]:
    """What the verb of a module is given besides; more than one where it does different things."""
    later = s["at"] + timedelta(hours=1)
    decision = Decision(proposal_id=s["proposal"].public_id, approve=True)
    known: dict[str, list[dict[str, Any]]] = {
        "accounts.actions.addresses.confirm_email": [
            {"token": links.email_confirmation(s["user"], "fresh@example.com").rstrip("/").rsplit("/", 1)[1]}
        ],
        "accounts.actions.addresses.make_email_primary": [{"user": s["member"], "email": s["alias"]}],
        "accounts.actions.addresses.remove_email": [{"user": s["member"], "email": s["alias"]}],
        "accounts.actions.invitations.accept_invitation": [
            {"token": links.invitation_token(s["invitation"]), "name": "Nia", "password": PASSWORD}
        ],
        "accounts.actions.invitations.invite": [{}, {"email": s["invitation"].email}],
        "accounts.actions.invitations.mark_invitation_mailed": [{"sent_at": s["invitation"].sent_at}],
        "accounts.actions.people.deactivate_person": [{"user": s["member"]}],
        "accounts.actions.people.reactivate_person": [{"user": s["gone"]}],
        "conversations.assistant.actions.answering.ask_assistant": [
            {"thread": None}, {"thread": s["resting"]}, {"thread": s["waiting"], "decision": decision},
            {"thread": None, "contact": s["contact"]},
        ],
        "conversations.assistant.actions.answering.answer_run": [{}, {"draft": Draft("Other.")}],
        "conversations.assistant.actions.answering.recover_run": [{"at": later}],
        "conversations.assistant.actions.queue.begin_queued": [{"thread": s["waiting"]}],
        "conversations.actions.reverting.undo_caused": [{"conversation": s["caused"]}],
        "conversations.actions.triage.change_tags": [{"add": ["zeal", "apex"]}],
        "conversations.bulk.actions.undo_job": [{"job": s["over"]}],
        "conversations.knowledge.actions.apply_macro": [{"macro": macro_with_effects(s["workspace"]), "conversation": s["loose"]}],
        "conversations.actions.callbacks.mark_called": [{"note": "They want two.", "resolve": True}],
        "conversations.actions.callbacks.unmark_called": [{"request": s["made"]}],
        "conversations.actions.following.follow": [{"user": s["member"]}],
        "conversations.actions.following.unfollow": [{"user": s["member"]}],
        "conversations.actions.composing.forward": [{"send_after": later, "by": s["agent"], "mailbox": None}],
        "conversations.actions.merging.merge": [{"conversations": [s["other"], s["loose"]], "into": s["closed"]}],
        "conversations.actions.merging.undo_merge": [
            {"conversation": s["gathered"], "event_id": Event.objects.get(type="conversation.merged").pk}
        ],
        "conversations.actions.notes.edit_note": [{"body": "Other words, #1 and @ada."}],
        "conversations.actions.redacting.redact": [{"is_whole": True}],
        "conversations.actions.trashing.restore": [{"conversation": s["binned"]}],
        "conversations.actions.trashing.purge": [{"conversation": s["binned"]}],
        "conversations.forms.actions.create_form": [{"kind": "contact"}],
        "conversations.forms.actions.update_form": [{"title": "Write to us"}],
        "conversations.chat.actions.assistant.decide_in_chat": [
            {"conversation": s["waiting"].conversation, "proposal_id": s["proposal"].public_id, "approved": True}
        ],
        "conversations.chat.actions.assistant.write_to_assistant": [
            {"conversation": s["resting"].conversation}, {"conversation": s["thread"].conversation},
            {"conversation": s["waiting"].conversation, "body": "Yes, please"},
        ],
        "conversations.chat.actions.widgets.add_keys": [{"woes_key": True}],
        "conversations.chat.actions.widgets.update_widget": [{"title": "Chat"}],
        "conversations.chat.actions.sessions.describe_visitor": [{"identity": Identity(False, name="Nia", email="nia@example.com")}],
        "conversations.chat.actions.sessions.identify_visitor": [
            {"identity": Identity(True, external_id="new"), "session": s["session"]},
            {"identity": Identity(True, external_id=s["contact"].external_id), "session": s["session"]},
        ],
        "conversations.chat.actions.restoring.request_restore": [
            {"email": s["stranger"].email, "page": "https://shop.example/?token={token}"}
        ],
        "conversations.chat.actions.restoring.restore": [
            {"token": restores.token_of(s["restore"]), "session_token": "fresh"},
            {"token": restores.token_of(s["restore"]), "session_token": s["session_token"]},
        ],
        "conversations.chat.actions.ticketing.start_ticket": [{"traits": {"name": "Nia"}}],
        "conversations.chat.actions.ticketing.write_in_ticket": [
            {"conversation": s["tracked"], "ticket": s["tracked"].ticket},
            {"conversation": s["tracked_closed"], "ticket": s["tracked_closed"].ticket},
        ],
        "conversations.chat.actions.turns.mark_seen": [{"conversation": s["chat"], "message": s["answer"]}],
        "conversations.chat.actions.turns.resolve_as_customer": [{"conversation": s["chat"]}],
        "conversations.chat.actions.turns.reopen_as_customer": [{"conversation": s["helped"]}],
        "conversations.chat.actions.writing.start_conversation": [{}],
        "conversations.chat.actions.writing.write": [{"conversation": s["chat"]}, {"conversation": s["helped"]}],
        "conversations.actions.contacts.identify": [
            {"email": "new@example.com", "external_id": "new"}, {"external_id": s["contact"].external_id},
        ],
        "conversations.actions.addresses.add_address": [{"kind": "email", "value": "other@example.com"}],
        "conversations.actions.addresses.remove_address": [{"address": s["phone"]}],
        "conversations.actions.ids.add_id": [{"value": "another"}],
        "conversations.actions.ids.remove_id": [{"value": s["contact"].external_id}],
        "conversations.actions.attributes.set_attributes": [
            {"row": s["contact"], "values": {"plan": "x"}}, {"row": s["ticket"], "values": {"plan": "x"}},
        ],
        "conversations.actions.blocking.unblock_contact": [{"contact": s["blocked"]}],
        "conversations.actions.companies.create_company": [{"name": "Third"}],
        "conversations.actions.companies.merge_companies": [{"into": s["second_company"]}],
        "conversations.actions.companies.set_company": [{}, {"company": s["absorbed"]}],
        "conversations.actions.companies.undo_company_merge": [{"company": s["absorbed"]}],
        "conversations.actions.merging_contacts.mark_distinct": [{"contact": s["double"], "other": s["contact"]}],
        "conversations.actions.contact_notes.edit_contact_note": [{"note": s["about"], "by": Actor.system(s["workspace"].pk)}],
        "conversations.actions.contact_notes.delete_contact_note": [{"note": s["about"]}],
        "conversations.actions.merging_contacts.merge_contacts": [{"contact": s["double"], "into": s["contact"]}, {"into": s["double"]}],
        "conversations.actions.merging_contacts.undo_contact_merge": [{"contact": s["merged"]}],
        "conversations.privacy.actions.request_erasure": [{"contact": s["double"]}],
        "conversations.privacy.actions.erase_details": [{"erasure": s["waiting_erasure"]}],
        "conversations.privacy.actions.erase_conversation": [{}, {"conversation": s["chat"]}],
        "conversations.privacy.actions.finish_erasure": [{"erasure": s["last_erasure"]}],
        "tickets.actions.attributes.create_attribute": [{"subject": "contact", "name": "Other", "kind": "text"}],
        "tickets.actions.attributes.move_attribute": [{"up": False}],
        "tickets.actions.attributes.set_attributes": [{"values": {"plan": "y"}}],
        "conversations.actions.contacts.update_contact": [{"external_id": "other"}],
        "conversations.channels.email.actions.mailboxes.create_mailbox": [{"inbound": "door"}],
        "conversations.channels.email.actions.mailboxes.make_default": [{"mailbox": s["second_mailbox"]}],
        "conversations.channels.email.actions.mailboxes.release_mailboxes": [{"user": s["member"]}],
        "conversations.channels.email.actions.mailboxes.resume_mailbox": [{"mailbox": s["second_mailbox"]}],
        "conversations.channels.email.actions.mailboxes.update_mailbox": [{"name": "Other", "aliases": ["a@example.com"]}],
        "conversations.channels.email.actions.provider_keys.set_provider_keys": [{"mailbox": s["posted"]}],
        "conversations.channels.email.actions.logins.change_ingress": [{"mailbox": s["posted"]}],
        "conversations.channels.email.actions.logins.mark_connected": [{"mailbox": s["second_mailbox"]}],
        "conversations.channels.email.actions.logins.set_login": [{"mailbox": s["second_mailbox"]}],
        "conversations.channels.discord.actions.bots.connect_bot": [
            {"token": "b", "user": (1, "Desk"), "guild": (1, "Acme"), "channels": s["bot"].channels, "threads": [s["new_thread"]]}
        ],
        "conversations.channels.discord.actions.threads.see_thread": [{"thread": s["new_thread"]}],
        "conversations.channels.discord.actions.threads.change_thread": [
            {"thread": s["post_row"], "now": s["new_thread"], "names": {}}
        ],
        "conversations.channels.discord.actions.threads.set_thread_tags": [{"thread": s["post_row"], "ids": ["1"]}],
        "conversations.channels.discord.actions.threads.delete_thread": [{"thread": s["post_row"]}],
        "conversations.channels.discord.actions.threads.restore_thread": [{"thread": s["post_row"]}],
        "conversations.actions.corrections.edit_message": [{"message": s["taken"]}],
        "conversations.actions.corrections.withdraw_message": [{"message": s["taken"]}],
        "conversations.channels.discord.actions.threads.request_private": [{"conversation": s["taken"].conversation}],
        "conversations.channels.discord.actions.threads.continue_privately": [
            {"conversation": s["taken"].conversation, "thread": s["new_thread"], "member": s["met"]}
        ],
        "conversations.channels.discord.actions.messages.take_in": [
            {"thread": s["post_row"], "post": s["new_post"], "member": s["met"]}
        ],
        "conversations.channels.discord.actions.messages.edit": [{"thread": s["post_row"], "post": s["edited_post"]}],
        "conversations.channels.discord.actions.messages.withdraw": [{"thread": s["post_row"], "discord_ids": [5]}],
        "conversations.channels.discord.actions.members.meet_member": [{"author": s["new_post"].author}],
        "conversations.channels.discord.actions.members.request_link": [{"member": s["met"]}],
        "conversations.channels.discord.actions.members.confirm_link": [{"code": discord_links.code(s["link"])}],
        "conversations.channels.discord.actions.members.link_member": [
            {"member": s["met"]}, {"member": s["met"], "email": s["contact"].email}
        ],
        "conversations.channels.email.actions.unseen.mail_unseen": [{"conversation": s["chatted"], "at": later}],
        "conversations.chat.actions.transcripts.request_transcript": [{"conversation": s["chatted"]}],
        "conversations.actions.composing.compose": [{"send_after": later, "by": s["agent"], "email": "new@example.com"}],
        "conversations.actions.recording.record_conversation": [
            {"by": s["agent"], "email": "new@example.com", "phone": "+4930123456", "public_id": uuid.uuid4()},
            {"by": s["agent"], "name": "Jo", "is_note": True, "tags": ["new"], "public_id": uuid.uuid4()},
        ],
        "conversations.actions.recipients.set_cc": [{"cc": ["bob@example.com"]}],
        "conversations.actions.continuing.continue_or_receive": [{}, {"conversation": s["closed"]}],
        "conversations.actions.delivery.deliver": [{"message": s["undelivered"]}],
        "conversations.actions.delivery.discard": [{"delivery": s["failed"]}],
        "conversations.actions.delivery.mark_failed": [{}, {"delivery": s["sending"]}],
        "conversations.actions.delivery.mark_sent": [{"delivery": s["sending"]}],
        "conversations.actions.delivery.retry": [{"delivery": s["failed"]}],
        "conversations.actions.outbox.reschedule": [{"send_after": later}],
        "conversations.actions.outbox.review": [{"expected_last": s["loose"].last_message_id}],
        "conversations.actions.outbox.schedule": [{"send_after": later, "by": s["agent"]}],
        "conversations.assistant.actions.member_replies.leave": [{}, {"delivery": s["answered"]}],
        "conversations.assistant.actions.member_replies.reply_as_member": [
            {"writer": s["member"], "by": s["agent"]},
            {"writer": s["member"], "by": s["agent"], "conversation": s["thread"].conversation},
        ],
        "conversations.actions.delivery.set_delivery": [{"message": s["sent"], "status": DeliveryStatus.DELIVERED}],
        "conversations.assistant.actions.hand_over.settle": [{"thread": s["resting"]}],
        "conversations.assistant.actions.hand_over.take_over": [{"to": s["member"]}],
        "conversations.knowledge.actions.publish_article": [{"article": s["draft_article"]}],
        "conversations.actions.messages.reply": [{}, {"conversation": s["snoozed"]}, {"conversation": s["loose"]}],
        "conversations.actions.messages.receive": [{}, {"conversation": s["done"]}, {"conversation": s["snoozed"]}],
        "conversations.assistant.actions.proposals.decide_proposal": [{"thread": s["waiting"], "decision": decision}],
        "conversations.actions.moving.join": [{"conversation": s["loose"], "into": s["snoozed"]}, {"into": s["loose"]}],
        "conversations.actions.moving.move_message": [{"to": s["loose"]}, {"message": s["sent"], "to": s["loose"]}],
        "conversations.actions.moving.split": [{"message": s["sent"]}],
        "conversations.actions.moving.undo_move": [{"conversation": s["other"], "event_id": s["moved_event_id"]}],
        "conversations.actions.spam.mark_spam": [{"conversation": s["loose"], "block": "sender"}],
        "conversations.actions.spam.undo_spam": [{"conversation": s["spam"], "event_id": s["spam_event_id"]}],
        "conversations.actions.spam.unmark_spam": [{"conversation": s["spam"]}],
        "conversations.actions.drafts.save_draft": [
            {"kind": "reply", "by": s["agent"]}, {"kind": "note", "by": s["agent"], "send_id": uuid.uuid4()},
            {"kind": "reply", "by": s["agent"], "conversation": s["loose"], "base": 1},
            {"kind": "mail", "by": s["agent"], "key": uuid.uuid4()},
        ],
        "conversations.actions.drafts.attach_to_draft": [
            {"kind": "reply", "by": s["agent"], "upload": ContentFile(b"x", name="x"), "public_id": uuid.uuid4(), **mail}
            for mail in ({}, {"kind": "mail", "key": uuid.uuid4()})
        ],
        "conversations.actions.drafts.discard_draft": [{"kind": "reply", "by": s["agent"], "conversation": s["loose"]}],
        "conversations.actions.drafts.restore_draft": [{"kind": "reply", "by": s["agent"], "conversation": s["done"]}],
        "conversations.actions.saved_views.favorite_view": [{"by": s["agent"]}],
        "conversations.actions.saved_views.move_view": [
            {"view": s["favorites"][1], "before": s["favorites"][0], "by": s["agent"]}
        ],
        "conversations.actions.status.snooze": [{"until": later}],
        "conversations.actions.status.unsnooze": [{"conversation": s["snoozed"]}],
        "conversations.assistant.actions.suggestions.judge_suggestions": [{"reply": s["sent"]}],
        "conversations.assistant.actions.suggestions.make_suggestion": [{}, {"ticket": s["ticket"]}],
        "conversations.actions.ticket_messages.broadcast_later": [
            {"bodies": {row.pk: "Fixed." for row in Conversation.objects.filter(ticket=s["ticket"])}, "then": then, "by": s["agent"]}
            for then in ("resolved", "")
        ],
        "conversations.actions.ticket_messages.cancel_broadcast": [
            {"event": Event(data={"delivery_ids": [s["delivery"].pk, s["answered"].pk]})}
        ],
        "conversations.actions.ticket_messages.broadcast": [{"move_to": "resolved"}, {"move_to": None}],
        "conversations.actions.ticketing.escalate": [{"conversation": s["loose"]}],
        "conversations.actions.ticketing.link": [{"ticket": s["second"]}, {"conversation": s["loose"]}],
        "conversations.actions.ticketing.open_ticket": [{"email": "new@example.com", "name": "New"}],
        "conversations.actions.triage.assign": [{"to": s["member"]}],
        "conversations.actions.triage.unassign_member": [{"user": s["member"]}],
        "conversations.actions.undo.undo": [{"conversation": s["done"]}],
        "accounts.actions.profiles.update_profile": [{"name": "Other", "signature": "Other"}],
        "accounts.actions.profiles.set_picture": [{"content": PNG}],
        "accounts.actions.sessions.end_sessions": [{"keys": {"unknown"}}],
        "accounts.actions.teams.delete_team": [{}, {"move_to": s["second_team"]}],
        "conversations.actions.tagging.delete_tag": [{}, {"into": s["second_tag"]}],
        "conversations.actions.tagging.replace_tag": [{"conversation": s["with_team"], "name": "apex"}],
        "conversations.actions.teams.move_team": [{"to": s["second_team"]}],
        "conversations.actions.teams.move_team_of_channels": [{"to": s["second_team"]}],
        "conversations.actions.teams.move_team_of_mailboxes": [{"to": s["second_team"]}],
        "tickets.actions.tickets.move_team": [{"to": s["second_team"]}],
        "tickets.actions.notes.edit_note": [{"note": s["noted"], "body": "Other words."}],
        "conversations.actions.ticket_messages.edit_note_of_ticket": [{"note": s["noted"], "body": "Other words, @ada."}],
        "tickets.actions.notes.delete_note": [{"note": s["noted"]}],
        "conversations.actions.ticket_messages.note_on_ticket": [{}, {"ticket": s["bare"]}],
        "tickets.actions.tickets.replace_tag": [{"ticket": s["second"], "name": "apex"}],
        "tickets.actions.tickets.delete": [{"ticket": s["single"]}],
        "tickets.actions.tickets.assign": [{"to": s["member"]}],
        "tickets.actions.tickets.note_message": [{"ticket_id": s["ticket"].pk}],
        "tickets.actions.tickets.recount": [{"summary": ticket_actions.MessageSummary(1, s["at"], "Words", 1, 1)}],
        "tickets.actions.hours.set_hours": [{"hours": {"weekly": {"mon": [["09:00", "17:00"]]}}}],
        "tickets.actions.tickets.snooze": [{"until": later}],
        "tickets.actions.tickets.unassign_member": [{"user": s["member"]}],
    }  # fmt: skip
    return known.get(name, [{}])


def calls(scene: dict[str, Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every verb with something to do."""
    for param in VERBS:
        module, name, verb = param.values
        if name == "set_up_desk":
            continue  # it works on a desk without people alone, where nothing else can be done
        signature = inspect.signature(verb)
        for number, more in enumerate(variants(f"{module.__name__}.{name}", scene)):
            given = dict(more)
            for parameter in signature.parameters.values():
                if parameter.name in given or parameter.kind != parameter.KEYWORD_ONLY:
                    continue
                if parameter.default is parameter.empty:
                    known = scene | VALUES if parameter.name in VALUES else scene
                    assert parameter.name in known, f"give {name} a {parameter.name}"
                    given[parameter.name] = known[parameter.name]
            yield f"{module.__name__}.{name}#{number}", tried(scene["workspace"], verb, given)


def tried(workspace: Workspace, verb: Callable[..., Any], given: dict[str, Any]) -> Callable[[], None]:
    """The verb in a transaction that is rolled back, after what a commit would check and lock."""

    def call() -> None:
        with tenancy.scope(workspace), transaction.atomic():
            verb(**copy.deepcopy(given))
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            raise Undone

    return call


def locks_of(call: Callable[[], None]) -> list[str]:
    """What a call locks, in the order in which it first does so."""
    taken: list[str] = []
    own: set[str] = set()

    def look(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        result = execute(sql, params, many, context)  # which may send first what a verb has kept to be written together
        parts = _PART.findall(sql) if str(sql).startswith("WITH ") else [str(sql)]
        before = len(taken)
        for part in parts:
            note(part)
        assert len(parts) == 1 or len(taken) < before + 2, f"locked in any order: {taken[before:]}"
        return result

    def note(part: str) -> None:
        if found := _STATEMENT.match(part):
            made = found["insert"]
            lock = (
                "the name of a contact"
                if found["name"]
                else found["read"] or found["update"] or found["delete"] or (made if made in ALWAYS_SHARED else None)
            )
            if lock in RANKS and lock not in taken and lock not in own:
                taken.append(lock)
            if made and made not in ALWAYS_SHARED:
                own.add(made)  # a row that nobody else can see yet

    with connection.execute_wrapper(look), pytest.raises(Undone):
        call()
    return taken


def test_every_verb_takes_its_locks_in_the_one_order_and_no_two_verbs_at_once_wait_in_a_circle(
    scene: dict[str, Any],
) -> None:
    verbs = dict(calls(scene))
    locks = {name: locks_of(call) for name, call in verbs.items()}
    out_of_order = {name: taken for name, taken in locks.items() if taken != sorted(taken, key=RANKS.__getitem__)}
    assert not out_of_order
    # Verbs that lock the same kinds of rows are alike; two at once can wait in a circle if they share two kinds.
    alike = {tuple(taken): name for name, taken in locks.items()}
    pairs = [
        (alike[one], alike[other])
        for one, other in combinations_with_replacement(sorted(alike), 2)
        if len({*one} & {*other}) > 1
    ]
    assert len(pairs) > 20
    with ThreadPoolExecutor(2) as pool:
        try:
            for pair in pairs:
                barrier = Barrier(2, timeout=30)
                together = [pool.submit(at_once, verbs[name], barrier) for name in pair]
                failures = [future.result() for future in together]
                assert failures == [None, None], (pair, failures)
        finally:
            barrier = Barrier(2, timeout=30)
            list(pool.map(lambda _: (barrier.wait(), connection.close()), range(2)))


def at_once(call: Callable[[], None], barrier: Barrier) -> str | None:
    """Together with another; the database's complaint, if it has one."""
    for _ in range(ROUNDS):
        barrier.wait()
        try:
            call()
        except (Undone, DomainError):
            pass
        except OperationalError as error:
            return str(error)
    return None
