"""Notifying members: the rows of the bell, and the mails and push messages that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import connection

from accounts import mailing, notices, pushing, tenancy
from accounts.models import Membership, Team
from accounts.transaction import notify_after_commit
from conversations.models import Conversation, Handler, NotificationKind
from conversations.queries.sight import Owner, Owners, Sight, tickets_owners

CHANNEL = "notification"
"""Where the pages of a member learn that their notifications have changed: `NOTIFY notification, '<the user's id>'`."""
MAIL_AFTER = timedelta(minutes=5)
"""A mail is sent of what a member has not read so long after it, unless they were at a page of the workspace meanwhile."""
MAIL, PUSH = "notifications", "notifications"
About = tuple[int, int | None, int | None, int | None, int | None]
_ORDER = (
    NotificationKind.MENTIONED,
    NotificationKind.ASSIGNED,
    NotificationKind.FAILED_TO_SEND,
    NotificationKind.MAILBOX_DISCONNECTED,
    NotificationKind.REPLIED,
    NotificationKind.TEAM_ASSIGNED,
    NotificationKind.UNASSIGNED_NEW,
)
"""The most important first: of several things in one conversation, a notification says the first of them."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One member is to know of one event."""

    kind: NotificationKind
    user_id: int
    event_id: int
    at: datetime
    conversation_id: int | None = None
    mailbox_id: int | None = None
    actor_id: int | None = None
    """The member who did it."""
    job_id: int | None = None
    ticket_id: int | None = None
    amount: int = 1
    """Of a change of many conversations: how many it has assigned."""

    @property
    def about(self) -> About:
        """Whom and what it is about: several of these make one notification."""
        return self.user_id, self.conversation_id, self.mailbox_id, self.job_id, self.ticket_id


@dataclass(slots=True)
class _Row:
    """What is written for a member and a conversation: several notices make one."""

    notice: Notice
    count: int
    ways: frozenset[str]


def notify(notices_: Iterable[Notice]) -> None:
    """Notify the members of the open workspace, each in the ways that they chose. The same notices again change nothing."""
    wanted = [one for one in notices_ if one.user_id != one.actor_id]
    if not wanted:
        return
    members = _members({one.user_id for one in wanted})
    seen = _Seen(members, wanted)
    rows: dict[About, _Row] = {}
    for one in sorted(wanted, key=lambda notice: notice.event_id):
        member = members.get(one.user_id)
        ways = notices.ways(member.user, one.kind) if member is not None else frozenset()
        if ways and seen.by(one):
            _collapse(rows, one, ways)
    written = [(found, pk) for found, pk in _written([*rows.values()]) if pk is not None]
    _mail(written, members)
    _push(written, members)
    for user_id in {row.notice.user_id for row, _ in written if notices.PAGE in row.ways}:
        notify_after_commit(CHANNEL, user_id)


def _members(users: set[int]) -> dict[int, Membership]:
    """Those who are in the workspace, and may sign in."""
    rows = Membership.objects.select_related("user").filter(user__in=users, user__is_active=True)
    return {row.user_id: row for row in rows.order_by("pk")}


class _Seen:
    """Whether each member sees the conversations and tickets that they are to be notified of, and whether anybody answers these at all."""

    def __init__(self, members: Mapping[int, Membership], wanted: Sequence[Notice]) -> None:
        ids = {one.conversation_id for one in wanted if one.conversation_id is not None}
        rows = Conversation.objects.exclude(handler=Handler.NOBODY).filter(pk__in=ids) if ids else ()
        self.owners = {row.pk: Owners(Owner(row.assignee_id, row.team_id)) for row in rows}
        self.tickets = tickets_owners({one.ticket_id for one in wanted if one.ticket_id is not None})
        limited = {user_id for user_id, member in members.items() if member.viewer is not None}
        teams: dict[int, set[int]] = {}
        if limited:
            links = Team.members.through.objects.filter(user__in=limited, team__workspace=tenancy.current())
            for user_id, team_id in links.values_list("user", "team"):
                teams.setdefault(user_id, set()).add(team_id)
        self.sights = {
            user_id: Sight(member.viewer, frozenset(teams.get(user_id, ()))) for user_id, member in members.items()
        }

    def by(self, notice: Notice) -> bool:
        if notice.ticket_id is not None:
            owners = self.tickets.get(notice.ticket_id)
            return owners is not None and self.sights[notice.user_id].sees(owners)
        if notice.conversation_id is None:
            return True
        owners = self.owners.get(notice.conversation_id)
        if owners is None or owners.own is None:
            return False
        if notice.kind == NotificationKind.ASSIGNED and owners.own.assignee != notice.user_id:
            return False  # it was taken back already
        return self.sights[notice.user_id].sees(owners)


def _collapse(rows: dict[About, _Row], notice: Notice, ways: frozenset[str]) -> None:
    known = rows.get(notice.about)
    if known is None:
        rows[notice.about] = _Row(notice, notice.amount, ways)
        return
    first = min(known.notice, notice, key=lambda one: _ORDER.index(one.kind))
    newest = replace(notice, kind=first.kind, actor_id=first.actor_id)
    rows[notice.about] = _Row(newest, known.count + notice.amount, known.ways | ways)


# Of events that a member has been notified of, the row stays as it is, read or not.
_WRITE = """
INSERT INTO conversations_notification AS known (workspace_id, user_id, kind, conversation_id, mailbox_id, job_id, ticket_id, actor_id, event_id, count,
  is_in_page, is_for_mail, at)
SELECT %(workspace)s, given.person, given.kind, given.conversation, given.mailbox, given.job, given.ticket, given.actor, given.event, given.count, given.in_page,
  given.for_mail, given.at
FROM unnest(%(person)s::bigint[], %(kind)s::text[], %(conversation)s::bigint[], %(mailbox)s::bigint[], %(job)s::bigint[], %(ticket)s::bigint[], %(actor)s::bigint[],
  %(event)s::bigint[], %(count)s::int[], %(in_page)s::bool[], %(for_mail)s::bool[], %(at)s::timestamptz[])
  AS given(person, kind, conversation, mailbox, job, ticket, actor, event, count, in_page, for_mail, at)
WHERE NOT EXISTS (SELECT FROM conversations_notification n WHERE n.workspace_id = %(workspace)s AND n.user_id = given.person
  AND n.{target}_id = given.{target} AND n.event_id >= given.event)
ON CONFLICT (workspace_id, user_id, {target}_id) WHERE read_at IS NULL DO UPDATE SET
  kind = CASE WHEN array_position(%(order)s::text[], known.kind::text) <= array_position(%(order)s::text[], excluded.kind::text)
    THEN known.kind ELSE excluded.kind END,
  actor_id = CASE WHEN array_position(%(order)s::text[], known.kind::text) < array_position(%(order)s::text[], excluded.kind::text)
    THEN known.actor_id ELSE excluded.actor_id END,
  event_id = excluded.event_id, count = known.count + excluded.count, at = excluded.at,
  is_in_page = known.is_in_page OR excluded.is_in_page, is_for_mail = excluded.is_for_mail OR (known.is_for_mail AND known.mail_id IS NULL),
  mail_id = CASE WHEN excluded.is_for_mail THEN NULL ELSE known.mail_id END
WHERE known.event_id < excluded.event_id
RETURNING id, user_id, conversation_id, mailbox_id, job_id, ticket_id
"""


def _written(rows: Sequence[_Row]) -> Iterator[tuple[_Row, int | None]]:
    """Write the rows: each with its id, and with None where nothing is new."""
    for target in ("conversation", "mailbox", "job", "ticket"):
        theirs = [row for row in rows if getattr(row.notice, f"{target}_id") is not None]
        if not theirs:
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                _WRITE.format(target=target),
                {
                    "workspace": tenancy.current().pk,
                    "order": [kind.value for kind in _ORDER],
                    "person": [row.notice.user_id for row in theirs],
                    "kind": [row.notice.kind.value for row in theirs],
                    "conversation": [row.notice.conversation_id for row in theirs],
                    "mailbox": [row.notice.mailbox_id for row in theirs],
                    "job": [row.notice.job_id for row in theirs],
                    "ticket": [row.notice.ticket_id for row in theirs],
                    "actor": [row.notice.actor_id for row in theirs],
                    "event": [row.notice.event_id for row in theirs],
                    "count": [row.count for row in theirs],
                    "in_page": [notices.PAGE in row.ways for row in theirs],
                    "for_mail": [notices.MAIL in row.ways for row in theirs],
                    "at": [row.notice.at for row in theirs],
                },
            )
            found = {tuple(row[1:]): row[0] for row in cursor.fetchall()}
        for row in theirs:
            yield row, found.get(row.notice.about)


def _mail(written: Sequence[tuple[_Row, int]], members: Mapping[int, Membership]) -> None:
    """Queue a mail to each member who wants one; it looks whether they have seen it when its time has come."""
    zone = tenancy.current().zone
    due: dict[int, datetime] = {}
    for row, _ in written:
        if notices.MAIL in row.ways:
            user = members[row.notice.user_id].user
            at = row.notice.at + MAIL_AFTER
            at = notices.quiet_until(user, at, zone) or at
            due[user.pk] = min(due.get(user.pk, at), at)
    mailing.queue_once(MAIL, *(({"user_id": user_id}, at) for user_id, at in due.items()))


def _push(written: Sequence[tuple[_Row, int]], members: Mapping[int, Membership]) -> None:
    """Queue one message to each browser of a member, whatever has happened at once; none in their quiet hours."""
    zone = tenancy.current().zone
    abouts: dict[int, dict[str, list[int]]] = {}
    for row, pk in written:
        user = members[row.notice.user_id].user
        if notices.BROWSER in row.ways and notices.quiet_until(user, row.notice.at, zone) is None:
            abouts.setdefault(user.pk, {"notification_ids": []})["notification_ids"].append(pk)
    pushing.queue(PUSH, abouts)
