"""The workspace's members."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.members import views

urlpatterns = [
    path("", views.people, name="people"),
    path("/invitations/<uuid:public_id>/resend", views.resend_invitation, name="resend-invitation"),
    path("/invitations/<uuid:public_id>/revoke", views.revoke_invitation, name="revoke-invitation"),
    path("/<int:number>", views.member, name="member"),
    path("/<int:number>/role", views.change_role, name="change-role"),
    path("/<int:number>/visibility", views.set_visibility, name="set-visibility"),
    path("/<int:number>/account", views.switch_account, name="switch-account"),
    path("/<int:number>/remove", views.remove_member, name="remove-member"),
]
