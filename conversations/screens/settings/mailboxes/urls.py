"""Mailboxes: their list, one each, and their health."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.mailboxes import adding, checks, editing, health, listing, senders, sign_in

urlpatterns = [
    path("", listing.mailboxes, name="mailboxes"),
    path("/add", adding.add, name="add-mailbox"),
    path("/test", checks.test_new, name="test-new-mailbox"),
    path("/tests/<str:name>", checks.findings, name="mailbox-test"),
    path("/sign-in/<slug:provider>", sign_in.begin_new, name="new-mailbox-sign-in"),
    path("/signed-in", sign_in.signed_in, name="mailbox-signed-in"),
    path("/<uuid:public_id>/sign-in/<slug:provider>", sign_in.begin, name="mailbox-sign-in"),
    path("/<uuid:public_id>", editing.mailbox, name="mailbox"),
    path("/<uuid:public_id>/login", editing.login, name="mailbox-login"),
    path("/<uuid:public_id>/test", checks.test_mailbox, name="test-mailbox"),
    path("/<uuid:public_id>/pause", editing.pause, name="pause-mailbox"),
    path("/<uuid:public_id>/resume", editing.resume, name="resume-mailbox"),
    path("/<uuid:public_id>/default", editing.make_default, name="default-mailbox"),
    path("/<uuid:public_id>/webhook", editing.change_webhook, name="change-webhook"),
    path("/<uuid:public_id>/keys", editing.provider_keys, name="provider-keys"),
    path("/<uuid:public_id>/delete", editing.delete, name="delete-mailbox"),
    path("/<uuid:public_id>/health", health.health, name="mailbox-health"),
    path("/<uuid:public_id>/status", health.status, name="mailbox-status"),
    path("/<uuid:public_id>/backfill", health.backfill, name="backfill"),
    path("/<uuid:public_id>/backfill/stop", health.stop_backfill, name="stop-backfill"),
    path("/<uuid:public_id>/mails/<uuid:mail_id>/retry", health.retry, name="retry-mail"),
    path("/<uuid:public_id>/mails/<uuid:mail_id>/dismiss", health.dismiss, name="dismiss-mail"),
    path("/<uuid:public_id>/mails/<uuid:mail_id>/original", health.original, name="quarantined-mail"),
    path("/<uuid:public_id>/suppressed", senders.suppress, name="suppress-address"),
    path("/<uuid:public_id>/suppressed/<int:number>/remove", senders.unsuppress, name="unsuppress-address"),
    path("/<uuid:public_id>/blocked", senders.block, name="block-sender"),
    path("/<uuid:public_id>/blocked/<int:number>/remove", senders.unblock, name="unblock-sender"),
]
