"""The inbox."""

from __future__ import annotations

from django.urls import path

from conversations.screens.inbox import (
    addressing,
    changes,
    composing,
    files,
    lists,
    mail_pages,
    outgoing_changes,
    stream,
    suggestions,
    threads,
    writing,
)

urlpatterns = [
    path("inbox", lists.inbox, name="inbox"),
    path("inbox/rows", lists.rows, name="inbox-rows"),
    path("inbox/counts", lists.counts, name="inbox-counts"),
    path("inbox/stream", stream.stream, name="inbox-stream"),
    path("inbox/new", composing.new, name="new-conversation"),
    path("inbox/new/known", composing.known, name="known-customers"),
    path("inbox/<int:number>", threads.conversation, name="conversation"),
    path("inbox/<int:number>/fresh", threads.fresh, name="conversation-fresh"),
    path("inbox/<int:number>/menus/assign", threads.assign_menu, name="assign-menu"),
    path("inbox/<int:number>/messages/<int:message>", threads.message_text, name="message-text"),
    path("inbox/<int:number>/messages/<int:message>/body", mail_pages.body, name="mail-body"),
    path("inbox/<int:number>/messages/<int:message>/original", mail_pages.original, name="mail-original"),
    path("inbox/<int:number>/messages/<int:message>/eml", mail_pages.source, name="mail-source"),
    path("files/<uuid:public_id>", files.download, name="file"),
    # Writing: one verb each.
    path("inbox/<int:number>/reply", writing.reply, name="reply"),
    path("inbox/<int:number>/recipients", addressing.notice, name="recipients"),
    path("inbox/<int:number>/note", writing.note, name="note"),
    path("inbox/<int:number>/outbox/<uuid:public_id>/undo", outgoing_changes.undo, name="outbox-undo"),
    path("inbox/<int:number>/outbox/<uuid:public_id>/cancel", outgoing_changes.cancel, name="outbox-cancel"),
    path("inbox/<int:number>/outbox/<uuid:public_id>/send", outgoing_changes.send_now, name="outbox-send"),
    path("inbox/<int:number>/outbox/<uuid:public_id>/review", outgoing_changes.review, name="outbox-review"),
    path("inbox/<int:number>/outbox/<uuid:public_id>/retry", outgoing_changes.retry, name="outbox-retry"),
    path("inbox/<int:number>/outbox/<uuid:public_id>/discard", outgoing_changes.discard, name="outbox-discard"),
    path("inbox/outbox/retry", outgoing_changes.retry_all, name="outbox-retry-all"),
    path("inbox/<int:number>/assign", changes.assign, name="assign"),
    path("inbox/<int:number>/status", changes.set_status, name="status"),
    path("inbox/<int:number>/priority", changes.set_priority, name="priority"),
    path("inbox/<int:number>/tags", changes.set_tags, name="tags"),
    path("inbox/<int:number>/subject", changes.edit_subject, name="subject"),
    path("inbox/<int:number>/snooze", changes.snooze, name="snooze"),
    path("inbox/<int:number>/wake", changes.unsnooze, name="unsnooze"),
    path("inbox/<int:number>/undo", changes.undo, name="undo"),
    path("inbox/<int:number>/ticket", changes.escalate, name="escalate"),
    path("inbox/<int:number>/unlink", changes.unlink, name="unlink"),
    path("inbox/<int:number>/take-over", changes.take_over, name="take-over"),
    path("inbox/<int:number>/suggest", suggestions.suggest, name="suggest"),
    path("inbox/<int:number>/suggestions/<uuid:public_id>/dismiss", suggestions.dismiss, name="dismiss-suggestion"),
    path("inbox/<int:number>/read", changes.mark_read, name="mark-read"),
]
