"""Who may read and change tickets."""

from __future__ import annotations

from accounts.permissions import Role, Rule, Scope, register


def register_rules() -> None:
    """Called once, when Django is ready."""
    register(
        {
            "ticket.read": Rule(Role.VIEWER, Scope.TICKET_READ),
            "ticket.mark_read": Rule(Role.AGENT, Scope.TICKET_WRITE),
            "ticket.open": Rule(Role.AGENT, Scope.TICKET_WRITE),
            "ticket.update": Rule(Role.AGENT, Scope.TICKET_WRITE),
            "ticket.link": Rule(Role.AGENT, Scope.TICKET_WRITE),
        },
        scopes={
            Scope.TICKET_READ: "read tickets, their messages and saved views",
            Scope.TICKET_WRITE: "open and change tickets, and answer in them",
        },
    )
