"""Following a conversation, and having seen that one was mentioned in it. Both are a member's own: the conversation stays as it is."""

from __future__ import annotations

from datetime import datetime

from accounts import journal, transaction
from accounts.errors import Invalid
from accounts.models import Membership, User
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import locking
from conversations.models import Conversation, Follower, Mention


@transaction.atomic
def follow(*, conversation: Conversation, user: User, by: Actor, at: datetime) -> Conversation:
    """Let a member be notified of what happens in a conversation; only who may change it adds others than themselves.

    Raises Invalid for a person outside the workspace.
    """
    _permit(conversation, user, by)
    if not Membership.objects.filter(workspace_id=conversation.workspace_id, user=user).exists():
        raise Invalid("only members of the workspace can follow a conversation", field="user")
    conversation = locking.locked(conversation)
    _, is_new = Follower.objects.get_or_create(
        workspace_id=conversation.workspace_id, conversation=conversation, user=user, defaults={"created_at": at}
    )
    if is_new:
        journal.record(events.CONVERSATION_FOLLOWED, conversation, by=by, at=at, user_id=user.pk)
    return conversation


@transaction.atomic
def unfollow(*, conversation: Conversation, user: User, by: Actor, at: datetime) -> Conversation:
    """Notify a member no longer of what happens in a conversation."""
    _permit(conversation, user, by)
    conversation = locking.locked(conversation)
    deleted, _ = Follower.objects.filter(conversation=conversation, user=user).delete()
    if deleted:
        journal.record(events.CONVERSATION_UNFOLLOWED, conversation, by=by, at=at, user_id=user.pk)
    return conversation


@transaction.atomic
def see_mentions(*, conversation: Conversation, by: Actor, at: datetime) -> int:
    """Note that the member who acts has opened a conversation in which they were mentioned. Returns how many mentions were new."""
    permit(by, "conversation.follow", conversation)
    unseen = Mention.objects.filter(conversation=conversation, user=by.user_id, seen_at=None)
    count = unseen.update(seen_at=at) if by.user_id is not None else 0
    if count:
        journal.record(events.CONVERSATION_MENTION_SEEN, conversation, by=by, at=at, user_id=by.user_id)
    return count


def _permit(conversation: Conversation, user: User, by: Actor) -> None:
    permit(by, "conversation.follow", conversation)
    if by.user_id != user.pk:
        permit(by, "conversation.update", conversation)
