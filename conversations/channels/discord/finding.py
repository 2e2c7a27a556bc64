"""Which thread a conversation is in, and which member of the server its customer is."""

from __future__ import annotations

from django.db.models import F, Q

from conversations.models import Conversation, DiscordMember, DiscordThread, Status


def thread_of(conversation: Conversation) -> DiscordThread | None:
    """The thread of a conversation, or of one that was joined into it; the one that is there, and was used last."""
    its = Q(conversation=conversation.pk) | Q(
        conversation__joined_into=conversation.pk, conversation__workspace=conversation.workspace_id
    )
    rows = DiscordThread.objects.filter(its, conversation__isnull=False)
    return rows.order_by(F("deleted_at").asc(nulls_first=True), "-active_at", "-id").first()


def member_of(conversation: Conversation) -> DiscordMember | None:
    """The member of the server that the customer is."""
    return DiscordMember.objects.filter(contact=conversation.contact_id).order_by("-id").first()


def private_thread_of(member: DiscordMember) -> DiscordThread | None:
    """The private thread with a member that is in use, if there is one."""
    rows = DiscordThread.objects.select_related("conversation").filter(
        is_private=True,
        deleted_at=None,
        conversation__contact=member.contact_id,
        conversation__workspace=member.workspace_id,
    )
    return rows.exclude(conversation__status=Status.CLOSED).order_by("-id").first()
