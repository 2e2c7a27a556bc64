"""PostHog's enums for the desk's values, and its timestamps."""

from __future__ import annotations

from datetime import UTC, datetime

from rest_framework import serializers

from conversations.api.twins import Twins
from conversations.models import Channel, Handler, ProposalStatus, SenderKind, ThreadStatus, Visibility
from tickets.models import TicketPriority, TicketStatus

RESEARCH = "research"
"""The mode in which a conversation counts as deep research, by its last question."""
FAILURE = "ai/failure"
"""The type of a message in which the assistant says that it failed."""
OF_A_QUESTION = ("ui_context", "trace_id")
"""What is printed of the metadata that a client gave with a question."""
SOURCES = Twins({"widget": (), "email": (Channel.EMAIL,), "slack": (), "teams": (), "github": ()}, otherwise="widget")
DETAILS = Twins(
    {
        "slack_channel_message": (),
        "slack_bot_mention": (),
        "slack_emoji_reaction": (),
        "teams_channel_message": (),
        "teams_bot_mention": (),
        "widget_embedded": (Channel.CHAT,),
        "widget_api": (),
        "github_issue": (),
        "": (Channel.EMAIL,),
    },
    otherwise="widget_api",
)
STATUSES = Twins({status: (status,) for status in TicketStatus.values}, otherwise=TicketStatus.OPEN)
PRIORITIES = Twins({priority: (priority,) for priority in TicketPriority.values}, otherwise=TicketPriority.MEDIUM)
AUTHORS = Twins(
    {
        "customer": (SenderKind.CUSTOMER,),
        "support": (SenderKind.AGENT, SenderKind.SYSTEM),
        "AI": (SenderKind.ASSISTANT,),
    },
    otherwise="support",
)
NAMELESS = {"customer": "Customer", "AI": "Assistant", "support": "Support"}
VISIBILITIES = Twins(
    {Visibility.PRIVATE.value: (Visibility.PRIVATE,), Visibility.SHARED.value: (Visibility.SHARED, Visibility.TEAM)},
    otherwise=Visibility.PRIVATE,
)
THREAD_STATUSES = Twins(
    {**{status: (status,) for status in ThreadStatus.values}, "canceling": ()}, otherwise=ThreadStatus.IN_PROGRESS
)
HANDLERS = Twins({handler: (handler,) for handler in (Handler.PEOPLE, Handler.ASSISTANT)}, otherwise=Handler.PEOPLE)
PROPOSAL_STATUSES = Twins({status: (status,) for status in ProposalStatus.values}, otherwise=ProposalStatus.PENDING)


def moment(value: datetime) -> str:
    """ISO 8601 in UTC with `Z`; fractions of a second, where there are any, to six digits."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Moment(serializers.DateTimeField):
    """Most moments."""

    prints = staticmethod(moment)


class OffsetMoment(serializers.DateTimeField):
    """The moments of the queue, with `+00:00`."""

    @staticmethod
    def prints(value: datetime) -> str:
        return value.astimezone(UTC).isoformat()
