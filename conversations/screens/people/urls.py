"""The workspace's people."""

from __future__ import annotations

from django.urls import path

from conversations.screens.people import views

urlpatterns = [
    path("people", views.people, name="people"),
    path("people/invitations/<uuid:public_id>/resend", views.resend_invitation, name="resend-invitation"),
    path("people/invitations/<uuid:public_id>/revoke", views.revoke_invitation, name="revoke-invitation"),
    path("people/<int:number>/role", views.change_role, name="change-role"),
    path("people/<int:number>/remove", views.remove_member, name="remove-member"),
]
