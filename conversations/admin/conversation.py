"""A conversation in admin: the list with its bulk actions, and a page to read the thread and to act on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from accounts import clock, tenancy
from accounts.activity import summary, with_people
from accounts.admin.base import AssigneeFilter, DeskForm, OneWorkspaceFilter, TenantAdmin, sentence, workspace_shown
from accounts.errors import DomainError
from accounts.models import Event, User
from accounts.permissions import Actor
from accounts.text import whole_number
from accounts.web.bodies import takes_files
from conversations import actions
from conversations.actions.entries import Door
from conversations.actions.lifecycle import STATUS_NAMES
from conversations.actions.senders import Sender
from conversations.admin.forms import FORMS, SORTING, WRITING, VerbForm
from conversations.models import Channel, Contact, Conversation, Message, Status
from conversations.queries import newest
from conversations.queries import search as search_queries
from conversations.queries import thread as thread_queries

_PAGE = 50  # entries of a thread


class StartForm(DeskForm):
    """A conversation that an agent begins."""

    subject = forms.CharField(widget=forms.TextInput(attrs={"size": 80}))
    body = forms.CharField(widget=forms.Textarea(attrs={"rows": 8}), label="Message", strip=False)

    class Meta:
        model = Conversation
        fields = ("contact", "subject", "priority", "body")


class TurnFilter(admin.SimpleListFilter):
    """The inbox's queues."""

    title = "queue"
    parameter_name = "queue"
    rules = {  # read only
        "ours": ("Open", Q(status=Status.OPEN, snoozed_until=None)),
        "unread": ("Unread", Q(unread_count__gt=0)),
        "snoozed": ("Snoozed", Q(snoozed_until__isnull=False)),
        "news": ("Replied after closing", Q(status=Status.CLOSED, unread_count__gt=0)),
        "ticket": ("With a ticket", Q(ticket__isnull=False)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, label) for key, (label, _) in self.rules.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        _, rule = self.rules.get(self.value() or "", ("", None))
        return queryset if rule is None else queryset.filter(rule)


class StatusFilter(admin.ChoicesFieldListFilter):
    """By status, under the names that people read."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        names = {Status(value).label: name for value, name in STATUS_NAMES.items()}
        for choice in super().choices(changelist):
            yield {**choice, "display": names.get(str(choice["display"]), choice["display"])}


@admin.register(Conversation)
class ConversationAdmin(TenantAdmin):
    """Everything that the inbox can do to a conversation."""

    MOST_FOUND = 1_000
    may_add = may_change = True
    form = StartForm
    list_display = (
        "number", "title", "contact", "channel", "state", "priority", "assignee", "team", "unread_count",
        "last_message_at", "workspace",
    )  # fmt: skip
    list_display_links = ("number", "title")
    list_filter = (
        OneWorkspaceFilter,
        TurnFilter,
        ("status", StatusFilter),
        "channel",
        AssigneeFilter,
        "handler",
        "created_at",
    )
    list_select_related = ("workspace", "contact", "assignee", "team")
    search_fields = ("subject",)
    search_help_text = "Words from the subject, the messages or the contact, or #number"
    ordering = ("-last_message_at", "-pk")
    sortable_by = ("number", "last_message_at")  # what indexes hold
    autocomplete_fields = ("contact",)
    actions = ("resolve", "reopen", "close", "assign_to_me")
    fields = StartForm.Meta.fields

    # --- The list -----------------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """As in the inbox, over the workspaces that the person runs: the newest that are found, as many as a list counts."""
        if not search_term.strip():
            return queryset, False
        # In the one workspace that the list shows; admin has no scope of its own.
        shown = workspace_shown(request)
        wanted = search_queries.words(search_term, lambda of: of.all_workspaces.filter(workspace=shown))
        rows = newest.Listed(lambda: queryset.select_related(None).only("pk"), by="pk")
        found = newest.newest(rows, wanted, self.MOST_FOUND)
        return queryset.filter(pk__in=[row.pk for row in found]), False

    @admin.display(description="subject", ordering="subject")
    def title(self, conversation: Conversation) -> str:
        return " ".join(conversation.subject[:200].split())[:80]

    @admin.display(description="status", ordering="status")
    def state(self, conversation: Conversation) -> str:
        label = "Snoozed" if conversation.snoozed_until else STATUS_NAMES[conversation.status]
        return format_html('<span class="state state-{}">{}</span>', conversation.status, label)

    @admin.action(description="Resolve the selected conversations", permissions=["change"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._each(request, queryset, lambda row, **act: actions.set_status(conversation=row, status="resolved", **act))

    @admin.action(description="Reopen the selected conversations", permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._each(request, queryset, lambda row, **act: actions.set_status(conversation=row, status="open", **act))

    @admin.action(description="Close the selected conversations", permissions=["change"])
    def close(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._each(request, queryset, lambda row, **act: actions.set_status(conversation=row, status="closed", **act))

    @admin.action(description="Assign the selected conversations to me", permissions=["change"])
    def assign_to_me(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        me = cast(User, request.user)
        self._each(request, queryset, lambda row, **act: actions.assign(conversation=row, to=me, team=row.team, **act))

    def _each(self, request: HttpRequest, rows: QuerySet[Any], verb: Callable[..., Any]) -> None:
        """One verb for each row; those that are refused are named, the others are done."""
        done, at = 0, clock.now()
        for row in rows.select_related("workspace", "team"):
            try:
                with tenancy.scope(row.workspace):
                    verb(row, by=self.actor(request, row), at=at)
                done += 1
            except DomainError as error:
                self.message_user(request, f"{row}: {sentence(error)}", messages.ERROR)
        if done:
            self.message_user(request, f"{done} conversation{'' if done == 1 else 's'} changed.", messages.SUCCESS)

    # --- Starting one -------------------------------------------------------------------------------

    def workspace_id_of(self, obj: Model) -> int | None:
        row = cast(Conversation, obj)
        # A new one has no workspace of its own yet: its contact's is meant.
        return row.workspace_id or (row.contact.workspace_id if row.contact_id else None)

    def add(self, request: HttpRequest, form: forms.ModelForm[Any]) -> Model:
        data = form.cleaned_data
        contact: Contact = data["contact"]
        by = self.actor(request, contact)
        with tenancy.scope(contact.workspace):
            return actions.start(
                workspace=contact.workspace,
                contact=contact,
                subject=data["subject"],
                priority=data["priority"],
                body=data["body"],
                door=Door(Channel.MANUAL, "admin"),
                sender=Sender.agent(cast(User, request.user)),
                by=by,
                at=clock.now(),
            )

    # --- The page of one ----------------------------------------------------------------------------

    @takes_files
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The thread with its forms; a POST names its form in `do` and is one verb."""
        conversation = cast("Conversation | None", self.get_object(request, unquote(object_id)))
        if conversation is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined,no-any-return]
        if not self.has_change_permission(request, conversation):
            raise PermissionDenied
        with tenancy.scope(conversation.workspace):
            sent: VerbForm | None = None
            if request.method == "POST" and (kind := FORMS.get(request.POST.get("do", ""))) is not None:
                sent = kind(conversation, request.POST, request.FILES)
                if self._carry_out(request, conversation, sent):
                    return redirect(request.get_full_path())
            # Rendered here: the scope ends with this block, and a TemplateResponse is rendered after it.
            return self._page(request, conversation, sent, extra_context).render()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is None:
            return None
        people = ("contact", "assignee", "team", "ticket", "workspace")
        return self.get_queryset(request).select_related(*people).get(pk=found.pk)

    def _carry_out(self, request: HttpRequest, conversation: Conversation, form: VerbForm) -> bool:
        """Whether the verb was done; a refusal becomes an error of the form."""
        if not form.is_valid():
            return False
        by: Actor = self.actor(request, conversation)
        try:
            form.carry_out(user=cast(User, request.user), by=by, at=clock.now())
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, sentence(error))
            return False
        self.message_user(request, form.done, messages.SUCCESS)
        return True

    def _page(
        self,
        request: HttpRequest,
        conversation: Conversation,
        sent: VerbForm | None,
        extra_context: dict[str, Any] | None,
    ) -> TemplateResponse:
        before = whole_number(request.GET.get("before", ""))
        thread = thread_queries.thread(conversation, before=before, limit=_PAGE)
        # Once more, with the names that the journal's lines speak of.
        named = {
            event.pk: event for event in with_people(Event.objects.filter(pk__in=[x.event.pk for x in thread.lines]))
        }
        items = [
            {"message": item} if isinstance(item, Message) else {"line": item, "text": summary(named[item.event.pk])}
            for item in thread.items
        ]

        def shown(kinds: tuple[type[VerbForm], ...]) -> list[VerbForm]:
            return [sent if isinstance(sent, kind) else kind(conversation) for kind in kinds]

        writing, sorting = shown(WRITING), shown(SORTING)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Conversation #{conversation.number}",
            "status": STATUS_NAMES[conversation.status],
            "subtitle": conversation.subject[:80],
            "opts": self.opts,
            "original": conversation,
            "conversation": conversation,
            "items": items,
            "older": thread.messages[0].pk if thread.has_older else None,
            "writing": writing,
            "sorting": sorting,
            "has_errors": sent is not None,
            "media": self.media + sum((form.media for form in sorting), forms.Media()),
            "history_url": reverse("admin:conversations_conversation_history", args=[conversation.pk]),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/conversations/conversation/desk.html", context)
