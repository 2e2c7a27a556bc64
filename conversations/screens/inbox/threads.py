"""An open conversation: its thread, header and details."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import clock
from accounts import queries as people
from accounts.models import User
from accounts.permissions import may, permit
from accounts.text import uuid_or_none, whole_number
from conversations.assistant import queries as assistant_queries
from conversations.knowledge import tagging
from conversations.models import AssistantThread, Conversation, Draft, Follower, Handler, Mention, Status
from conversations.queries import conversations as queries
from conversations.queries import outbox as outbox_queries
from conversations.queries import thread as thread_queries
from conversations.screens import choices, saved_views, ticketing
from conversations.screens.inbox import addressing, asked, attributes, chats, discord, drafts, labels, outgoing
from conversations.screens.inbox import timeline as threads
from conversations.screens.inbox.card import with_ticket_card
from conversations.screens.inbox.lists import listing
from conversations.screens.inbox.place import Place, frame, hues
from conversations.screens.shell import DeskRequest, is_fragment, remember, screen


def _number(request: DeskRequest, name: str) -> int | None:
    return whole_number(request.GET.get(name, ""))


def header_and_side(request: DeskRequest, place: Place, conversation: Conversation) -> dict[str, Any]:
    """The context of the header and the details."""
    offered = labels.PRIORITIES
    return {
        **frame(request, place),
        "conversation": conversation,
        "statuses": labels.STATUS,
        "status": labels.STATUS[conversation.status],
        "priorities": offered if conversation.priority in offered else (conversation.priority, *offered),
        "snooze_choices": choices.snooze_choices(clock.now()),
        "hues": hues(request),
        "ticket_statuses": ticketing.STATUS,
        "ticket_priorities": ticketing.PRIORITY,
        "others": (others := queries.other_conversations(conversation)),
        "suggests_tags": not conversation.tags and tagging.threshold_of(request.workspace) is not None,
        "mergeable": _mergeable(conversation, others),
        "followers": (followers := _followers(conversation)),
        "is_following": any(one.pk == request.user.pk for one in followers),
        "assistant": _kept(conversation),
        **_asked(conversation),
        **attributes.facts(conversation),
        **discord.facts(conversation),
        **chats.facts(conversation),
        "is_set_aside": conversation.is_set_aside or conversation.joined_into_id is not None,
        "has_draft_there": _has_draft_there(request, conversation),
        "may_trash": may(request.actor, "conversation.trash"),
        "block_domain": labels.domain_to_block(conversation.contact.email),
    }


def _has_draft_there(request: DeskRequest, conversation: Conversation) -> bool:
    """Whether what the member was writing has followed the conversation into the one that it was merged into."""
    if conversation.joined_into_id is None:
        return False
    drafts = Draft.objects.filter(conversation=conversation.joined_into_id, user=request.user, discarded_at=None)
    return drafts.exists()


def _followers(conversation: Conversation) -> list[User]:
    if not getattr(conversation, "has_followers", False):  # annotated by with_ticket_card
        return []
    rows = Follower.objects.filter(conversation=conversation).select_related("user").order_by("pk")
    return [row.user for row in rows[:50]]


MERGED_WITHIN = timedelta(hours=48)
"""Open conversations of one customer are offered to be merged when no more than this lies between their last messages."""


def _mergeable(conversation: Conversation, others: Sequence[Conversation]) -> list[Conversation]:
    """The other open conversations of the customer that may be about the same matter."""
    if conversation.status != Status.OPEN or conversation.handler != Handler.PEOPLE:
        return []
    since = clock.now() - MERGED_WITHIN
    return [one for one in others if one.status == Status.OPEN and one.last_message_at >= since]


def _is_mentioned(request: DeskRequest, conversation: Conversation) -> bool:
    """Whether the member is mentioned in a note that they have not seen."""
    if not getattr(conversation, "has_new_mentions", False):  # as above
        return False
    return Mention.objects.filter(conversation=conversation, user=request.user, seen_at=None).exists()


def _assign_choices() -> dict[str, Any]:
    """The context of the menu's people and teams, which only those pages print on which it was opened."""
    return {"assignable": list(people.assignable()), "teams": list(people.teams())}


def _asked(conversation: Conversation) -> dict[str, Any]:
    """What a customer asked for beside their messages, and what came before: most conversations have none of it."""
    is_asked = conversation.channel in asked.CHANNELS or conversation.status == Status.CLOSED
    return asked.facts(conversation) if is_asked or conversation.follows_id is not None else {}


def _kept(conversation: Conversation) -> AssistantThread | None:
    thread: AssistantThread | None = getattr(conversation, "assistant_thread", None)  # annotated by with_ticket_card
    return thread if thread is not None and thread.deleted_at is None else None


def pane(
    request: DeskRequest, place: Place, conversation: Conversation, *, before: int | None = None
) -> dict[str, Any]:
    """The context of the whole pane: header, details, and the last part of the thread or the part before a message."""
    return {
        **header_and_side(request, place, conversation),
        **_entries(conversation, before=before),
        "is_older": before is not None,
        "is_mentioned": _is_mentioned(request, conversation),
        **outgoing.context(conversation),
        **drafts.facts(request, conversation),
        **drafted(request, conversation),
        **restored(request, conversation),
        **(_assign_choices() if request.GET.get("menu") == "assign" else {}),
    }


def _entries(conversation: Conversation, *, before: int | None = None) -> dict[str, Any]:
    """The context of a part of the thread, and of where its next part goes on."""
    part = thread_queries.thread(conversation, before=before)
    message, event = threads.seen(part)
    newest: int = getattr(conversation, "newest_message", None) or 0  # annotated by with_ticket_card
    return {
        "entries": threads.entries(part.items),
        "older": part.messages[0].pk if part.has_older else None,
        "seen_message": max(message, newest),
        "seen_event": event,
        "expected_last": conversation.last_message_id or 0,
    }


def drafted(request: DeskRequest, conversation: Conversation) -> dict[str, Any]:
    """The suggested reply, if any, which `?draft=use` puts into the composer, or why there is none."""
    has_draft = getattr(conversation, "has_draft", False)  # annotated by with_ticket_card
    suggestion = assistant_queries.undecided_draft(conversation) if has_draft else None
    asked = request.GET.get("draft", "")
    facts: dict[str, Any] = {"suggestion": suggestion, "draft_fault": labels.NO_DRAFT.get(asked, "")}
    if suggestion is not None and asked == "use":
        facts["composer"] = {"mode": "reply", "fault": "", "draft": suggestion.text}
    return facts


def restored(request: DeskRequest, conversation: Conversation) -> dict[str, Any]:
    """The text and the files of a reply that was taken back, which `?restored=` puts into the composer."""
    public_id = uuid_or_none(request.GET.get("restored", ""))
    found = outbox_queries.cancelled(conversation, public_id) if public_id is not None else None
    if found is None:
        return {}
    composer = {"mode": "reply", "fault": "", "draft": found.body, "kept": found.files.all()}
    return {"composer": composer, **addressing.facts(conversation, found)}


@require_GET
@screen
def conversation(request: DeskRequest, number: int) -> HttpResponse:
    """The thread, beside the list it was opened from. As a fragment: the pane alone, or only older entries."""
    permit(request.actor, "conversation.read")
    place, before = Place.of(request), _number(request, "before")
    row = with_ticket_card(number)
    target = request.htmx.target if is_fragment(request) else None
    if target == "older":
        part = thread_queries.thread(row, before=before)
        return render(
            request,
            "inbox/entries.html",
            {
                **frame(request, place),
                "conversation": row,
                "entries": threads.entries(part.items),
                "older": part.messages[0].pk if part.has_older else None,
                **outgoing.context(row),
            },
        )
    if target == "open":
        return render(request, "inbox/open.html", pane(request, place, row, before=before))
    remember(request)
    saved_views.say_if_gone(request, place.view.saved)
    return render(request, "inbox/page.html", {**listing(request, place), **pane(request, place, row, before=before)})


@require_GET
@screen
def fresh(request: DeskRequest, number: int) -> HttpResponse:
    """The entries after the message and the event that the page has seen, with the current header and details."""
    permit(request.actor, "conversation.read")
    place, row = Place.of(request), with_ticket_card(number)
    return render(request, "inbox/thread_update.html", pane_update(request, place, row))


@require_GET
@screen
def assign_menu(request: DeskRequest, number: int) -> HttpResponse:
    """To whom the conversation can be assigned, asked for when the menu is opened."""
    permit(request.actor, "conversation.assign")
    row = queries.by_number(number)
    facts = {"conversation": row, "me": request.user, **_assign_choices()}
    return render(request, "inbox/head/assign_choices.html", facts)


@require_GET
@screen
def suggested_tags(request: DeskRequest, number: int) -> HttpResponse:
    """The tags that similar conversations have, asked for once the thread is shown."""
    permit(request.actor, "conversation.update")
    row = queries.by_number(number)
    row.workspace = request.workspace
    facts = {
        **frame(request, Place.of(request)),
        "conversation": row,
        "suggested": tagging.suggested(row) if not row.is_done else [],
        "hues": hues(request),
    }
    return render(request, "inbox/side/suggested_tags.html", facts)


def pane_update(request: DeskRequest, place: Place, conversation: Conversation) -> dict[str, Any]:
    """The context of an open pane's header and details, and the thread's new entries since those named in the address."""
    message, event = _number(request, "message"), _number(request, "event")
    facts = {
        **header_and_side(request, place, conversation),
        **outgoing.context(conversation),
        "expected_last": conversation.last_message_id or 0,
    }
    if message is None or event is None:
        return facts
    part = thread_queries.thread_since(conversation, message=message, event=event)
    facts["since"] = f"{message}/{event}"
    if part.is_rearranged:
        return {**facts, **_entries(conversation), "is_whole": True, "is_erased": part.is_erased}
    return {**facts, "entries": threads.entries(part.items, after=message)}


@require_GET
@screen
def message_text(request: DeskRequest, number: int, message: int) -> HttpResponse:
    """The whole text of a message that is too long for the thread."""
    permit(request.actor, "conversation.read")
    entry = queries.message(queries.by_number(number), message)
    return HttpResponse(entry.body or "", content_type="text/plain; charset=utf-8")
