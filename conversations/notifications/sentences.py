"""What a notification says: in the page, in mails and in push messages."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import tenancy
from conversations.models import Notification, NotificationKind

ICONS = {
    NotificationKind.ASSIGNED: "user-round-check",
    NotificationKind.MENTIONED: "at-sign",
    NotificationKind.REPLIED: "message-square",
    NotificationKind.TEAM_ASSIGNED: "users",
    NotificationKind.UNASSIGNED_NEW: "inbox",
    NotificationKind.FAILED_TO_SEND: "triangle-alert",
    NotificationKind.MAILBOX_DISCONNECTED: "unplug",
}


def title(row: Notification, *, names_customer: bool = True) -> str:
    """What happened, in a sentence; without the customer's name where that may not leave the desk."""
    if row.job is not None:
        return _many(row)
    if row.ticket is not None:
        text = (
            _("%(name)s mentioned you in ticket %(number)s")
            if row.actor
            else _("You were mentioned in ticket %(number)s")
        )
        return text % {"name": str(row.actor or ""), "number": row.ticket.number}
    if row.conversation is None:
        address = row.mailbox.address if row.mailbox is not None else ""
        return _("The mailbox %(address)s is disconnected") % {"address": address}
    about = {
        "number": f"#{row.conversation.number}",
        "name": str(row.actor) if row.actor is not None else "",
        "customer": row.conversation.contact.display_name if names_customer else _("The customer"),
    }
    match row.kind:
        case NotificationKind.MENTIONED:
            text = _("%(name)s mentioned you in %(number)s") if row.actor else _("You were mentioned in %(number)s")
        case NotificationKind.ASSIGNED:
            text = _("%(name)s assigned %(number)s to you") if row.actor else _("%(number)s was assigned to you")
        case NotificationKind.TEAM_ASSIGNED:
            text = (
                _("%(name)s assigned %(number)s to your team")
                if row.actor
                else _("%(number)s was assigned to your team")
            )
        case NotificationKind.REPLIED:
            text = _("%(customer)s replied in %(number)s")
        case NotificationKind.FAILED_TO_SEND:
            text = _("Your reply in %(number)s was not sent")
        case _other:
            text = (
                _("New conversation %(number)s from %(customer)s")
                if names_customer
                else _("New conversation %(number)s")
            )
    return text % about


def _many(row: Notification) -> str:
    num, name = row.count, str(row.actor or _("Parley"))
    if row.kind == NotificationKind.TEAM_ASSIGNED:
        text = ngettext(
            "%(name)s assigned %(num)s conversation to your team",
            "%(name)s assigned %(num)s conversations to your team",
            num,
        )
    else:
        text = ngettext(
            "%(name)s assigned %(num)s conversation to you", "%(name)s assigned %(num)s conversations to you", num
        )
    return text % {"name": name, "num": num}


def more(row: Notification) -> str:
    """How much else has happened there since it was read last."""
    others = row.count - 1 if row.job is None else 0
    return ngettext("and %(num)s more", "and %(num)s more", others) % {"num": others} if others > 0 else ""


def subject(row: Notification) -> str:
    """The subject of what it is about, in one line."""
    return " ".join((about.subject or "").split()) if (about := row.conversation or row.ticket) is not None else ""


def path(row: Notification) -> str:
    """The address of the page to which it leads."""
    slug = tenancy.current().slug
    if row.conversation is not None:
        return f"/w/{slug}/inbox/{row.conversation.number}"
    if row.ticket is not None:
        return f"/w/{slug}/tickets/{row.ticket.number}"
    if row.job is not None:
        is_own = row.kind == NotificationKind.ASSIGNED
        return f"/w/{slug}/inbox?view=mine" if is_own else f"/w/{slug}/inbox/bulk/{row.job.public_id}"
    return (
        f"/w/{slug}/settings/mailboxes/{row.mailbox.public_id}"
        if row.mailbox is not None
        else f"/w/{slug}/notifications"
    )
