"""The agents' screens, under `/w/<workspace>/`. No trailing slashes: nothing redirects to one."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from conversations.inbox import stream, views
from conversations.inbox.views import knowledge, macros, people, start

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="inbox"), name="workspace"),
    # Reading.
    path("inbox", views.inbox, name="inbox"),
    path("inbox/rows", views.rows, name="inbox-rows"),
    path("inbox/counts", views.counts, name="inbox-counts"),
    path("inbox/stream", stream.stream, name="inbox-stream"),
    path("inbox/<int:number>", views.conversation, name="conversation"),
    path("inbox/<int:number>/fresh", views.fresh, name="conversation-fresh"),
    path("inbox/<int:number>/messages/<int:message>", views.message_text, name="message-text"),
    path("files/<uuid:public_id>", views.download, name="file"),
    # Writing: one verb each.
    path("inbox/<int:number>/reply", views.reply, name="reply"),
    path("inbox/<int:number>/note", views.note, name="note"),
    path("inbox/<int:number>/assign", views.assign, name="assign"),
    path("inbox/<int:number>/status", views.set_status, name="status"),
    path("inbox/<int:number>/priority", views.set_priority, name="priority"),
    path("inbox/<int:number>/tags", views.set_tags, name="tags"),
    path("inbox/<int:number>/subject", views.edit_subject, name="subject"),
    path("inbox/<int:number>/snooze", views.snooze, name="snooze"),
    path("inbox/<int:number>/wake", views.wake, name="wake"),
    path("inbox/<int:number>/undo", views.undo, name="undo"),
    path("inbox/<int:number>/ticket", views.escalate, name="escalate"),
    path("inbox/<int:number>/unlink", views.unlink, name="unlink"),
    path("inbox/<int:number>/take-over", views.take_over, name="take-over"),
    path("inbox/<int:number>/suggest", views.suggest, name="suggest"),
    path("inbox/<int:number>/suggestions/<uuid:public_id>/dismiss", views.dismiss, name="dismiss-suggestion"),
    path("inbox/<int:number>/read", views.mark_read, name="mark-read"),
    # The assistant: how it does, and what it may do.
    path("assistant", views.assistant, name="assistant"),
    # The knowledge base.
    path("knowledge", knowledge.articles, name="knowledge"),
    path("knowledge/articles/new", knowledge.new, name="article-new"),
    path("knowledge/articles/<uuid:public_id>", knowledge.article, name="article"),
    path("knowledge/articles/<uuid:public_id>/edit", knowledge.edit, name="article-edit"),
    path("knowledge/articles/<uuid:public_id>/publish", knowledge.publish, name="article-publish"),
    path("knowledge/articles/<uuid:public_id>/unpublish", knowledge.unpublish, name="article-unpublish"),
    path("knowledge/articles/<uuid:public_id>/delete", knowledge.delete, name="article-delete"),
    path("knowledge/macros", macros.macros, name="macros"),
    path("knowledge/macros/new", macros.new, name="macro-new"),
    path("knowledge/macros/<uuid:public_id>", macros.macro, name="macro"),
    path("knowledge/macros/<uuid:public_id>/edit", macros.edit, name="macro-edit"),
    path("knowledge/macros/<uuid:public_id>/delete", macros.delete, name="macro-delete"),
    path("inbox/<int:number>/macros", macros.at_hand, name="macros-at-hand"),
    path("inbox/<int:number>/macros/<uuid:public_id>", macros.filled_in, name="macro-filled-in"),
    # From an empty workspace to the first reply.
    path("start", start.start, name="start"),
    path("start/key", start.create_first_key, name="start-key"),
    path("start/message", start.send_test_message, name="start-message"),
    # The workspace's people.
    path("people", people.people, name="people"),
    path("people/invitations/<uuid:public_id>/resend", people.resend_invitation, name="resend-invitation"),
    path("people/invitations/<uuid:public_id>/revoke", people.revoke_invitation, name="revoke-invitation"),
    path("people/<int:number>/role", people.change_role, name="change-role"),
    path("people/<int:number>/remove", people.remove_member, name="remove-member"),
    # The person's own.
    path("preferences", views.preferences, name="preferences"),
]
