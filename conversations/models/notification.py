"""What members are notified of."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from accounts.moments import Moment
from accounts.tenancy import TenantManager, TenantModel, Viewer, seen
from conversations.models.bulk import BulkJob
from conversations.models.conversation import Conversation, Handler
from conversations.models.mailbox import Mailbox
from tickets.models import Ticket


class NotificationKind(models.TextChoices):
    """What happened. The names are those of the members' preferences (accounts.notices)."""

    ASSIGNED = "assigned", "Assigned to me"
    MENTIONED = "mentioned", "Mentioned"
    REPLIED = "replied", "Customer replied"
    TEAM_ASSIGNED = "team_assigned", "Assigned to my team"
    UNASSIGNED_NEW = "unassigned_new", "New and unassigned"
    FAILED_TO_SEND = "failed_to_send", "Failed to send"
    MAILBOX_DISCONNECTED = "mailbox_disconnected", "Mailbox disconnected"


class NotificationManager(TenantManager["Notification"]):
    """The notifications of the open scope's workspace, without those of conversations in the Trash."""

    def get_queryset(self) -> models.QuerySet[Notification]:
        trash = Conversation.all_workspaces.filter(
            workspace=OuterRef("workspace"), pk=OuterRef("conversation"), handler=Handler.TRASH
        )  # its own
        return super().get_queryset().exclude(Exists(trash))


class Notification(TenantModel):
    """Something that a member should know. What happens in a conversation before they read it is collapsed into one row.

    `event_id` is the newest event that it tells of, and `count` how many there were. Of several kinds it shows the most important.
    What a change of many conversations assigns is one row, whose `count` is that of the conversations.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=NotificationKind.choices)
    conversation = models.ForeignKey(
        Conversation, null=True, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    mailbox = models.ForeignKey(
        Mailbox, null=True, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    # A change of many conversations, which assigned `count` of them.
    job = models.ForeignKey(
        BulkJob, null=True, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    ticket = models.ForeignKey(
        Ticket, null=True, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    # The member who did it; null where it was a customer or the desk.
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    event_id = models.BigIntegerField(editable=False)
    count = models.PositiveIntegerField(default=1, editable=False)
    is_in_page = models.BooleanField(default=True, editable=False)
    is_for_mail = models.BooleanField(default=False, editable=False)
    # The queued mail that it went into: it goes into no other one.
    mail_id = models.BigIntegerField(null=True, editable=False)
    at = Moment(default=timezone.now, editable=False)
    read_at = Moment(null=True, editable=False)

    objects: ClassVar[NotificationManager] = NotificationManager()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "user", "conversation"],
                condition=Q(read_at=None),
                name="one_unread_notification_per_conversation",
            ),
            models.UniqueConstraint(
                fields=["workspace", "user", "mailbox"],
                condition=Q(read_at=None),
                name="one_unread_notification_per_mailbox",
            ),
            models.UniqueConstraint(
                fields=["workspace", "user", "job"],
                condition=Q(read_at=None),
                name="one_unread_notification_per_job",
            ),
            models.UniqueConstraint(
                fields=["workspace", "user", "ticket"],
                condition=Q(read_at=None),
                name="one_unread_notification_per_ticket",
            ),
            models.CheckConstraint(name="notification_kind_is_known", condition=Q(kind__in=NotificationKind.values)),
            models.CheckConstraint(
                name="notification_is_of_one_of_these",
                condition=Q(conversation__isnull=False, mailbox=None, job=None, ticket=None)
                | Q(conversation=None, mailbox__isnull=False, job=None, ticket=None)
                | Q(conversation=None, mailbox=None, job__isnull=False, ticket=None)
                | Q(conversation=None, mailbox=None, job=None, ticket__isnull=False),
            ),
        ]
        indexes = [
            # A member's notifications, newest first, and those that they have not read.
            models.Index(fields=["workspace", "user", "-at", "-id"], name="notification_newest"),
            models.Index(
                fields=["workspace", "user", "-at", "-id"], name="notification_unread", condition=Q(read_at=None)
            ),
            # Whether a member was notified of an event of a conversation, also long ago.
            models.Index(fields=["workspace", "conversation", "user", "event_id"], name="notification_of_conversation"),
            # Those of a job that is undone, or deleted after a while.
            models.Index(fields=["workspace", "job"], name="notification_of_job", condition=Q(job__isnull=False)),
            # Whether a member was notified of an event of a ticket, and those of a deleted one.
            models.Index(
                fields=["workspace", "ticket", "user", "event_id"],
                name="notification_of_ticket",
                condition=Q(ticket__isnull=False),
            ),
            # The daily job that deletes old ones, in all workspaces.
            models.Index(fields=["at"], name="notification_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"

    @classmethod
    def visible_to(cls, viewer: Viewer) -> Q:
        """Those of conversations and tickets that are seen, of mailboxes, and of changes of many."""
        rows = Conversation.all_workspaces.filter(
            workspace=OuterRef("workspace"), pk=OuterRef("conversation")
        )  # its own
        tickets = Ticket.all_workspaces.filter(workspace=OuterRef("workspace"), pk=OuterRef("ticket"))  # as above
        nobodys = Q(conversation=None, ticket=None)
        return nobodys | Q(Exists(seen(rows, viewer))) | Q(Exists(seen(tickets, viewer)))
