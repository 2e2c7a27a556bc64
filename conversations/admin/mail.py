"""Mail in admin: mailboxes are corrected, addresses suppressed and senders blocked; all else is only shown. No secret is."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html

from accounts import clock
from accounts.admin.base import DeskForm, OneWorkspaceFilter, ReadOnlyAdmin, TenantAdmin, WorkspaceFilter
from conversations.channels.email import actions
from conversations.models import (
    AutomaticMail,
    BlockedSender,
    InboundMail,
    Mailbox,
    MailboxAddress,
    MailboxState,
    MailReference,
    SuppressedAddress,
)

_EDITABLE = (
    "name", "team", "assignee", "signature", "undo_seconds", "acknowledges", "acknowledgement", "plus_addressing",
    "trusted_host",
)  # fmt: skip


class MailboxForm(DeskForm):
    """What can be changed here; servers and passwords are in the settings of the workspace."""

    class Meta:
        model = Mailbox
        fields = _EDITABLE


@admin.register(Mailbox)
class MailboxAdmin(TenantAdmin):
    """The addresses at which workspaces receive and send mail."""

    may_change = may_delete = True
    form = MailboxForm
    list_display = ("address", "name", "state", "inbound", "is_default", "read_at", "failure", "workspace")
    list_filter = (WorkspaceFilter, "state", "inbound")
    list_select_related = ("workspace",)
    search_fields = ("address", "name")
    ordering = ("address", "pk")
    readonly_fields = (
        "workspace", "address", "state", "is_default", "inbound", "login", "imap", "smtp", "public_id", "read_at", "received_at",
        "last_uid", "failing_since", "failure", "created_at", "updated_at",
    )  # fmt: skip
    fields = ("workspace", "address", *_EDITABLE, *readonly_fields[2:])

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_deleted(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_deleted(obj)

    def change(self, request: HttpRequest, obj: Mailbox, form: forms.ModelForm[Any]) -> None:
        values = {name: form.cleaned_data[name] for name in _EDITABLE if name in form.changed_data}
        actions.update_mailbox(mailbox=obj, by=self.actor(request, obj), at=clock.now(), **values)

    def remove(self, request: HttpRequest, obj: Mailbox) -> None:
        actions.delete_mailbox(mailbox=obj, by=self.actor(request, obj), at=clock.now())

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Its row is kept for its mails and conversations: nothing else goes with it."""
        return [str(obj) for obj in objs], {self.opts.verbose_name_plural: len(objs)}, set(), []


def _is_deleted(obj: Mailbox | None) -> bool:
    return obj is not None and obj.state == MailboxState.DELETED


@admin.register(MailboxAddress)
class MailboxAddressAdmin(ReadOnlyAdmin):
    """The addresses and aliases of mailboxes."""

    list_display = ("address", "mailbox", "workspace")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace", "mailbox")
    search_fields = ("address",)
    ordering = ("address",)


@admin.register(InboundMail)
class InboundMailAdmin(ReadOnlyAdmin):
    """Mails as they came in, and what became of them."""

    list_display = (
        "received_at", "from_address", "beginning", "state", "code", "mailbox", "thread", "length", "workspace",
    )  # fmt: skip
    list_display_links = ("beginning",)
    list_filter = (OneWorkspaceFilter, "state", "source", "proof")
    list_select_related = ("workspace", "mailbox", "conversation")
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        "workspace", "mailbox", "source", "state", "code", "reason", "attempts", "proof", "thread", "from_name", "from_address", "to",
        "cc", "subject", "text", "length", "is_cut", "is_verified", "is_stranger", "problems", "uid_validity", "uid", "internal_at",
        "received_at", "processed_at", "public_id",
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.fields)

    @admin.display(description="subject")
    def beginning(self, mail: InboundMail) -> str:
        return " ".join(mail.subject[:200].split())[:90] or "(No subject)"

    @admin.display(description="size")
    def length(self, mail: InboundMail) -> str:
        return filesizeformat(mail.size)

    @admin.display(description="conversation")
    def thread(self, mail: InboundMail) -> str:
        return _thread(mail)


@admin.register(MailReference)
class MailReferenceAdmin(ReadOnlyAdmin):
    """The Message-IDs by which mails find their conversations."""

    list_display = ("key", "thread", "is_ours", "is_named_only", "workspace")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "conversation")
    ordering = ("-pk",)
    sortable_by = ()

    @admin.display(description="conversation")
    def thread(self, reference: MailReference) -> str:
        return _thread(reference)


@admin.register(AutomaticMail)
class AutomaticMailAdmin(ReadOnlyAdmin):
    """Mails that the desk sent by itself."""

    list_display = ("address", "kind", "sent_at", "workspace")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace",)
    ordering = ("-pk",)
    sortable_by = ()


class SuppressedAddressForm(DeskForm):
    """An address that gets no mail, and why."""

    address = forms.EmailField(max_length=254)
    reason = forms.CharField(max_length=2000, widget=forms.TextInput(attrs={"size": 60}))

    class Meta:
        model = SuppressedAddress
        fields = ("workspace", "address", "reason")


class _AddedOnce(TenantAdmin):
    """Rows that are added and deleted, and not changed."""

    may_add = may_delete = True
    list_filter: ClassVar[tuple[Any, ...]] = (WorkspaceFilter,)
    ordering = ("-pk",)
    added: tuple[str, ...] = ()
    kept: tuple[str, ...] = ("created_at",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("workspace", *self.added, *(self.kept if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("workspace", *self.added, *self.kept) if obj else ()


@admin.register(SuppressedAddress)
class SuppressedAddressAdmin(_AddedOnce):
    """Addresses that get no mail."""

    form = SuppressedAddressForm
    list_display = ("address", "reason", "code", "created_at", "workspace")
    list_filter = (OneWorkspaceFilter,)
    sortable_by = ()
    list_select_related = ("workspace",)
    search_fields = ("address",)
    added, kept = ("address", "reason"), ("code", "created_at")

    def add(self, request: HttpRequest, form: forms.ModelForm[Any]) -> Model:
        data = form.cleaned_data
        return actions.suppress(
            workspace=data["workspace"],
            address=data["address"],
            reason=data["reason"],
            code="admin",
            by=self.actor(request, form.instance),
            at=clock.now(),
        )

    def remove(self, request: HttpRequest, obj: SuppressedAddress) -> None:
        actions.unsuppress(suppressed=obj, by=self.actor(request, obj), at=clock.now())


class BlockedSenderForm(DeskForm):
    """A sender whose mail is spam."""

    pattern = forms.CharField(max_length=254, help_text="An address, or a domain with a leading @.")

    class Meta:
        model = BlockedSender
        fields = ("workspace", "pattern")


@admin.register(BlockedSender)
class BlockedSenderAdmin(_AddedOnce):
    """Senders whose mail is spam."""

    form = BlockedSenderForm
    list_display = ("pattern", "created_by", "created_at", "workspace")
    list_select_related = ("workspace", "created_by")
    search_fields = ("pattern",)
    added, kept = ("pattern",), ("created_by", "created_at")

    def add(self, request: HttpRequest, form: forms.ModelForm[Any]) -> Model:
        data = form.cleaned_data
        by = self.actor(request, form.instance)
        return actions.block_sender(workspace=data["workspace"], pattern=data["pattern"], by=by, at=clock.now())

    def remove(self, request: HttpRequest, obj: BlockedSender) -> None:
        actions.unblock_sender(sender=obj, by=self.actor(request, obj), at=clock.now())


def _thread(row: InboundMail | MailReference) -> str:
    if row.conversation is None:
        return "–"
    url = reverse("admin:conversations_conversation_change", args=[row.conversation_id])
    return format_html('<a href="{}">#{}</a>', url, row.conversation.number)
