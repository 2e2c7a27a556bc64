"""The tickets."""

from __future__ import annotations

from django.urls import path

from conversations.screens.tickets import board, broadcasts, changes, links, lists, pages

urlpatterns = [
    path("tickets", lists.listing, name="tickets"),
    path("tickets/filters", lists.filter_fields, name="ticket-filters"),
    path("tickets/saved", lists.saved, name="ticket-saved"),
    path("tickets/board", board.board, name="ticket-board"),
    path("tickets/board/<str:status>", board.column, name="ticket-column"),
    path("tickets/new", pages.new, name="new-ticket"),
    path("tickets/<int:number>", pages.ticket, name="ticket"),
    path("tickets/<int:number>/commands", pages.commands, name="ticket-commands"),
    # Changing: one verb each.
    *(path(f"tickets/<int:number>/{name}", view, name=f"ticket-{name}") for name, view in changes.FIELDS.items()),
    path("tickets/<int:number>/subject", changes.set_subject, name="ticket-subject"),
    path("tickets/<int:number>/attributes", changes.set_attributes, name="ticket-attributes"),
    path("tickets/<int:number>/reason", changes.set_reason, name="ticket-reason"),
    path("tickets/<int:number>/mentions", pages.mentions, name="ticket-mentions"),
    path("tickets/<int:number>/note", changes.note, name="ticket-note"),
    path("tickets/<int:number>/notes/<int:note>", changes.edit_note, name="ticket-note-edit"),
    path("tickets/<int:number>/notes/<int:note>/delete", changes.delete_note, name="ticket-note-delete"),
    path("tickets/<int:number>/read", changes.mark_read, name="ticket-read"),
    path("tickets/<int:number>/delete", changes.delete, name="ticket-delete"),
    path("tickets/<int:number>/link", links.link, name="ticket-link"),
    path("tickets/<int:number>/links/<int:conversation>/remove", links.unlink, name="ticket-unlink"),
    # One reply to all of a ticket's customers.
    path("tickets/<int:number>/broadcast", broadcasts.write, name="ticket-broadcast"),
    path("tickets/<int:number>/broadcast/<int:event>", broadcasts.result, name="broadcast-result"),
    path("tickets/<int:number>/broadcast/<int:event>/undo", broadcasts.undo, name="broadcast-undo"),
]
