"""Whom a reply goes to, where it goes by mail: the composer's fields, and what is to be known of new recipients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.errors import Conflict, DomainError, Invalid
from accounts.permissions import permit
from conversations import actions
from conversations.actions import outgoing
from conversations.channels.email import delivery, outbound
from conversations.models import Channel, Conversation, Delivery, Mailbox
from conversations.queries import conversations as queries
from conversations.queries import mails
from conversations.screens import errors, sentences
from conversations.screens.shell import DeskRequest, screen
from conversations.texts import recipients

OUTSIDE = "outside_recipients"
"""The code of a refusal that tells of new recipients: sent again, the reply goes to them."""


class AddressesField(forms.CharField):
    """Addresses in a line; None where the form has no such field."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, empty_value=None, strip=True, **options)

    def clean(self, value: Any) -> list[str] | None:
        text = super().clean(value)
        if text is None:
            return None if value is None else []
        try:
            return recipients.parse(text)
        except ValueError as error:
            raise forms.ValidationError(sentences.translated(str(error))) from error


class RecipientsForm(forms.Form):
    """`cc_seen` are the copies as the page showed them, and `announced` the new recipients that the writer knows of."""

    to = AddressesField()
    cc = AddressesField()
    bcc = AddressesField()
    cc_seen = AddressesField()
    announced = AddressesField()


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom a reply goes to beside the copies that the conversation has by then; None is its customer, as for `actions.schedule`."""

    to: Sequence[str] | None = None
    bcc: Sequence[str] = ()
    has_other_copies: bool = False

    @property
    def is_usual(self) -> bool:
        """Any other goes through the outbox, which locks the conversation alone, as it is locked when its copies change."""
        return self.to is None and not self.bcc and not self.has_other_copies


def choose(request: DeskRequest, conversation: Conversation, given: Mapping[str, Any]) -> Recipients:
    """Whom a valid form sends a reply to; its copies are those of the conversation from now on. In the caller's transaction.

    Raises Invalid for nobody and for the desk itself, and Conflict with the code `OUTSIDE` for somebody new of whom the
    writer does not know.
    """
    if given["to"] is None or not is_by_mail(conversation):
        return Recipients()
    cc, bcc = given["cc"] or [], given["bcc"] or []
    everyone = [*given["to"], *cc, *bcc]
    check(everyone)
    new = [one for one in mails.outsiders(conversation, everyone) if one not in (given["announced"] or ())]
    if new:
        raise Conflict(_warned(new), code=OUTSIDE)
    seen = given["cc_seen"] or []
    has_other_copies = recipients.merged(conversation.cc, seen, cc) != conversation.cc
    if has_other_copies:
        actions.set_cc(conversation=conversation, cc=cc, seen=seen, by=request.actor, at=clock.now())
    to = None if given["to"] == [conversation.contact.email] else given["to"]
    return Recipients(to, bcc, has_other_copies)


def check(everyone: Sequence[str]) -> None:
    """Raises Invalid for nobody, and for an address of the workspace itself."""
    if not everyone:
        raise Invalid(_("Add a recipient."), code="no_recipient")
    if own := mails.own(everyone):
        text = _("%(address)s is an address of this workspace. Mail to it would come back.")
        raise Invalid(text % {"address": own[0]}, code="own_address")


def warning(new: Sequence[str]) -> str:
    """That these are new, in a sentence."""
    if not new:
        return ""
    text = ngettext(
        "%(addresses)s has not been in this conversation before.",
        "%(addresses)s have not been in this conversation before.",
        len(new),
    )
    return text % {"addresses": recipients.line(new)}


def _warned(new: Sequence[str]) -> str:
    again = ngettext("Send again to include it.", "Send again to include them.", len(new))
    return f"{warning(new)} {again}"


def is_by_mail(conversation: Conversation) -> bool:
    """Whether replies reach the customer as mails."""
    return outgoing.route(conversation) == Channel.EMAIL


def facts(
    conversation: Conversation, taken_back: Delivery | None = None, draft: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The context of the recipients' line, or of that of a reply that was taken back, or as it was typed in a draft; empty where
    replies do not leave as mails, but for `has_no_address` where that is for want of an address."""
    if not is_by_mail(conversation):
        return {"has_no_address": conversation.channel in delivery.CHANNELS and not conversation.contact.email}
    own = [one for one in (conversation.contact.email,) if one]
    usual = mails.last_recipients(conversation) or own
    to, cc, bcc = usual, list(conversation.cc), []
    if taken_back is not None:
        to, cc, bcc = taken_back.to or own, taken_back.cc or cc, taken_back.bcc
    found = {
        "line": summary(to, cc, bcc),
        "to": recipients.line(to),
        "cc": recipients.line(cc),
        "bcc": recipients.line(bcc),
        "cc_seen": recipients.line(conversation.cc),
        "sender": sender(conversation),
        "usual": recipients.line(usual),
    }
    if draft and any(draft.get(name, found[name]) != found[name] for name in ("to", "cc", "bcc")):
        found |= _as_typed(conversation, draft)
    return {"recipients": found}


def typed(request: DeskRequest, conversation: Conversation) -> dict[str, Any]:
    """The context of the recipients' line as it was sent, for a reply that was not: with those who are new, of whom it tells."""
    known = facts(conversation)
    if not known or "to" not in request.POST:
        return known
    return {"recipients": known["recipients"] | _as_typed(conversation, request.POST) | {"is_open": True}}


def _as_typed(conversation: Conversation, values: Mapping[str, str]) -> dict[str, Any]:
    """The fields of these values, the line of those that can be read, and who of them is new."""
    form = RecipientsForm(values)
    lists = [addresses(form, name) for name in ("to", "cc", "bcc")]
    shown = {name: values.get(name, "") for name in ("to", "cc", "bcc", "cc_seen")}
    new = mails.outsiders(conversation, [one for listed in lists for one in listed])
    return {**shown, "line": summary(*lists), **_notice(new)}


def addresses(form: forms.Form, name: str) -> list[str]:
    """The addresses of a field, as far as they can be read."""
    form.is_valid()
    return form.cleaned_data.get(name) or []


def _notice(new: Sequence[str]) -> dict[str, Any]:
    return {"warning": warning(new), "announced": recipients.line(new)}


def summary(to: Sequence[str], cc: Sequence[str], bcc: Sequence[str]) -> str:
    """As in "To ada@x.example, cc 2"."""
    shown = _("To %(address)s") % {"address": to[0]} if to else _("To nobody")
    more = [_("%(num)s more") % {"num": len(to) - 1}] if len(to) > 1 else []
    more += [f"{name} {len(listed)}" for name, listed in ((_("cc"), cc), (_("bcc"), bcc)) if listed]
    return ", ".join([shown, *more])


def sender(conversation: Conversation) -> str:
    """By which address replies leave."""
    boxes = mails.mailboxes()
    box = next((one for one in boxes if one.pk == conversation.mailbox_id), None) or next(
        (one for one in boxes if one.is_default), None
    )
    return named(box)


def named(box: Mailbox | None) -> str:
    """A mailbox for people; the installation's own address for none."""
    if box is None:
        return outbound.installation_address()
    return f"{box.name} <{box.address}>" if box.name else box.address


@require_POST
@screen
def notice(request: DeskRequest, number: int) -> HttpResponse:
    """What is to be known of the recipients that are being typed: the line, those who are new, and what is wrong."""
    permit(request.actor, "conversation.reply")
    conversation, form = queries.by_number(number), RecipientsForm(request.POST)
    if not form.is_valid():
        return render(request, "inbox/composer/recipients_notice.html", {"fault": errors.of_form(form)})
    lists = [addresses(form, name) for name in ("to", "cc", "bcc")]
    everyone = [one for listed in lists for one in listed]
    found: dict[str, Any] = {"line": summary(*lists), "fault": ""}
    try:
        check(everyone)
    except DomainError as error:
        found["fault"] = errors.of_error(error)
    found |= _notice(mails.outsiders(conversation, everyone))
    return render(request, "inbox/composer/recipients_notice.html", found)
