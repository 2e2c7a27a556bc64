"""Conversations with the assistant in admin: who asked, what became of each run, and what waits. Read only."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import OneWorkspaceFilter, ReadOnlyAdmin, among
from conversations.models import (
    AssistantFrame,
    AssistantProposal,
    AssistantQueueItem,
    AssistantRun,
    AssistantThread,
    Suggestion,
)


@admin.register(AssistantThread)
class AssistantThreadAdmin(ReadOnlyAdmin):
    """The messages themselves are on the conversation's page."""

    list_display = (
        "title", "status", "handed_over_at", "taken_over_at", "ai_resolved", "user", "workspace", "updated_at", "deleted_at",
    )  # fmt: skip
    list_filter = (OneWorkspaceFilter, "status", "ai_resolved")
    list_select_related = ("workspace", "user")
    search_fields = ("title",)
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(AssistantRun)
class AssistantRunAdmin(ReadOnlyAdmin):
    """What the assistant was asked to do, and what became of it."""

    list_display = ("pk", "thread", "status", "attempts", "started_at", "beat_at", "ended_at", "workspace")
    list_filter = (OneWorkspaceFilter, "status")
    list_select_related = ("workspace", "thread")
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(AssistantFrame)
class AssistantFrameAdmin(ReadOnlyAdmin):
    """What the watchers of a run were shown; kept for a day."""

    list_display = ("pk", "run", "sequence", "kind", "workspace")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "run")
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(AssistantQueueItem)
class AssistantQueueItemAdmin(ReadOnlyAdmin):
    """Messages that wait until the assistant is done."""

    list_display = ("content", "thread", "workspace", "created_at")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "thread")
    ordering = ("-pk",)


@admin.register(AssistantProposal)
class AssistantProposalAdmin(ReadOnlyAdmin):
    """Steps for which the assistant asked approval."""

    list_display = ("tool_name", "status", "thread", "workspace", "created_at", "decided_at")
    list_filter = (OneWorkspaceFilter, "status")
    list_select_related = ("workspace", "thread")
    ordering = ("-pk",)


@admin.register(Suggestion)
class SuggestionAdmin(ReadOnlyAdmin):
    """What the assistant wrote, what it cost, and its outcome."""

    list_display = ("pk", "kind", "engine", "outcome", "cost", "conversation", "workspace", "created_at")
    list_filter = (OneWorkspaceFilter, "kind", among("engine", "builtin", "openai"), "outcome")
    list_select_related = ("workspace", "conversation")
    ordering = ("-pk",)
    sortable_by = ()
