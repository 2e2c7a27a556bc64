"""Push messages to the browsers of members: as short as a line of the bell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import translation
from django.utils.translation import ngettext

from accounts import pushing, tenancy
from accounts.models import Membership, PushSubscription, QueuedPush
from accounts.pushing import Push
from conversations.models import Notification
from conversations.notifications import many, sentences
from conversations.notifications.writing import PUSH


@pushing.kind(PUSH)
def notifications(rows: Sequence[QueuedPush]) -> Mapping[int, Push]:
    """What each member has not read yet of what they were notified of: one message, whatever it is."""
    workspace = tenancy.current()
    browsers = PushSubscription.objects.filter(pk__in={row.subscription_id for row in rows})
    people: dict[int, int] = dict(browsers.values_list("pk", "user"))
    # A browser is of no workspace: who still is a member is asked here.
    memberships = Membership.objects.select_related("user").filter(user__in=people.values())
    members, found = {member.user_id: member for member in memberships}, {}
    for row in rows:
        member = members.get(people.get(row.subscription_id, 0))
        if member is None:
            continue
        with (
            tenancy.scope(workspace, member.viewer),
            translation.override(member.user.language_or_default),
        ):
            ids = [pk for pk in row.about.get("notification_ids", ()) if isinstance(pk, int)]
            unread = Notification.objects.filter(pk__in=ids, user=member.user_id, read_at=None)
            unread = unread.exclude(many.taken_back())
            related = ("conversation__contact", "mailbox", "job", "ticket", "actor")
            if shown := list(unread.select_related(*related).order_by("-at", "-pk")[:100]):
                found[row.pk] = _push(shown)
    return found


def _push(shown: Sequence[Notification]) -> Push:
    workspace = tenancy.current()
    shows_text = workspace.settings.get("push_shows_text") is not False
    newest = shown[0]
    payload: dict[str, Any] = {"workspace": workspace.slug, "title": workspace.name}
    if len(shown) > 1:
        count = len(shown)
        text = ngettext("%(num)s new notification", "%(num)s new notifications", count) % {"num": count}
        return Push({**payload, "body": text, "url": f"/w/{workspace.slug}/notifications", "tag": f"{workspace.slug}"})
    tag = f"{workspace.slug}-{newest.conversation_id or 0}-{newest.mailbox_id or 0}-{newest.job_id or 0}-{newest.ticket_id or 0}"
    body = sentences.title(newest, names_customer=shows_text)
    if shows_text and newest.conversation is not None:
        body = f"{body}\n{' '.join(newest.conversation.preview.split())[:200]}"
    elif shows_text and newest.ticket is not None:
        body = f"{body}\n{sentences.subject(newest)[:200]}"
    return Push(
        {**payload, "body": body, "url": sentences.path(newest), "tag": tag, "id": newest.conversation_id}, topic=tag
    )
