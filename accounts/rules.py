"""Who may change workspaces, members, people, teams and keys."""

from __future__ import annotations

from accounts.permissions import Role, Rule, register


def register_rules() -> None:
    """Called once, when Django is ready."""
    register({
        "workspace.update": Rule(Role.ADMIN),
        "workspace.read": Rule(Role.VIEWER),
        "workspace.rotate_identity_secret": Rule(Role.ADMIN),
        "member.read": Rule(Role.VIEWER),
        "member.invite": Rule(Role.ADMIN),
        "member.change_role": Rule(Role.ADMIN),
        "member.set_visibility": Rule(Role.ADMIN),
        "member.remove": Rule(Role.ADMIN),
        "team.read": Rule(Role.VIEWER),
        "member.view_as": Rule(Role.ADMIN),
        "team.write": Rule(Role.ADMIN),
        "team.delete": Rule(Role.ADMIN),
        "journal.read": Rule(Role.ADMIN),
        "api_key.create": Rule(Role.ADMIN),
        "api_key.revoke": Rule(Role.ADMIN),
        # People join by accepting an invitation; only commands add them directly.
        "member.add": Rule(),
        "person.create": Rule(),
        "person.deactivate": Rule(),
        "person.set_superuser": Rule(),
        "person.send_password_reset": Rule(),
        "invitation.accept": Rule(is_for_oneself=True),
        "person.rename": Rule(is_for_oneself=True),
        "person.update": Rule(is_for_oneself=True),
        "person.end_sessions": Rule(is_for_oneself=True),
        "person.change_second_factor": Rule(is_for_oneself=True),
        "person.reset_second_factor": Rule(),
        "person.change_password": Rule(is_for_oneself=True),
        "person.change_email": Rule(is_for_oneself=True),
    })  # fmt: skip
