"""Who may read and change tickets and business hours."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_noop as _

from accounts.permissions import Role, Rule, register


class TicketScope(StrEnum):
    """The scopes for tickets that a key can hold."""

    READ = "ticket:read"
    WRITE = "ticket:write"


def register_rules() -> None:
    """Called once, when Django is ready."""
    register(
        {
            "ticket.read": Rule(Role.VIEWER, TicketScope.READ),
            "ticket.mark_read": Rule(Role.AGENT, TicketScope.WRITE),
            "ticket.open": Rule(Role.AGENT, TicketScope.WRITE),
            "ticket.update": Rule(Role.AGENT, TicketScope.WRITE),
            "ticket.link": Rule(Role.AGENT, TicketScope.WRITE),
            "ticket.delete_note": Rule(Role.ADMIN),
            "ticket.erase": Rule(Role.ADMIN),
            "attribute.read": Rule(Role.VIEWER),
            "attribute.write": Rule(Role.ADMIN),
            "tag.write": Rule(Role.ADMIN),
            "hours.read": Rule(Role.VIEWER),
            "hours.write": Rule(Role.ADMIN),
        },
        scopes={
            TicketScope.READ: _("read tickets, their messages and saved views"),
            TicketScope.WRITE: _("open and change tickets, and answer in them"),
        },
    )
