"""What every page of the settings shares: the list of what can be set up, in groups, and who may see each page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.permissions import Actor, Role, may, rules
from conversations import channels
from conversations.channels import ChannelSettings
from conversations.screens.shell import DeskRequest, shell


@dataclass(frozen=True, slots=True)
class General:
    """What is set up for the whole workspace, or by each person for themselves, in the list of the settings."""

    title: str | Promise
    about: str | Promise
    icon: str
    url_name: str
    permission: str
    changing: str = ""
    """The permission to change what the page shows, where not all who see it have it."""


Entry = General | ChannelSettings


@dataclass(frozen=True, slots=True)
class Group:
    """Some entries of the list under one heading, as a member sees them."""

    key: str
    title: str
    entries: tuple[Entry, ...]


YOU = (
    General(
        gettext_lazy("Profile"),
        gettext_lazy("Your name, picture, signature, time zone and language."),
        "user-round",
        "profile",
        "workspace.read",
    ),
    General(
        gettext_lazy("Security"),
        gettext_lazy("Your password, second factor and sessions."),
        "shield-check",
        "security",
        "workspace.read",
    ),
    General(
        gettext_lazy("Notifications"),
        gettext_lazy("What you get notified of in the page, in the browser and by mail."),
        "bell",
        "notification-settings",
        "workspace.read",
    ),
    General(
        gettext_lazy("Keyboard"),
        gettext_lazy("Your own keys, and single keys on or off."),
        "keyboard",
        "keyboard",
        "workspace.read",
    ),
)
GENERAL = (
    General(
        gettext_lazy("Workspace"),
        gettext_lazy("Name, time zone, assignment and security."),
        "building-2",
        "workspace-settings",
        "workspace.read",
        "workspace.update",
    ),
    General(
        gettext_lazy("Members"), gettext_lazy("Who works here, and as what."), "users", "people", "member.read",
        "member.invite",
    ),
    General(
        gettext_lazy("Teams"), gettext_lazy("Groups that work can be given to."), "users-round", "teams", "team.read",
        "team.write",
    ),
    General(
        gettext_lazy("Business hours"), gettext_lazy("When customers can expect an answer."), "clock", "hours", "hours.read",
        "hours.write",
    ),
    General(
        gettext_lazy("Customer identity"),
        gettext_lazy("The secret with which your website proves who its customers are."),
        "fingerprint-pattern",
        "identity",
        "workspace.rotate_identity_secret",
    ),
    General(
        gettext_lazy("API keys"), gettext_lazy("Credentials of your own programs."), "key-round", "api-keys", "api_key.create"
    ),
    General(
        gettext_lazy("Audit log"), gettext_lazy("What happened in this workspace, and who did it."), "scroll-text",
        "audit-log", "journal.read",
    ),
)  # fmt: skip
ANSWERS = (
    General(
        gettext_lazy("Saved views"),
        gettext_lazy("Searches and filters under a name, for you, a team or everyone."),
        "bookmark",
        "saved-views",
        "ticket.read",
        "ticket.update",
    ),
    General(
        gettext_lazy("Custom attributes"),
        gettext_lazy("What you keep of customers, conversations and tickets."),
        "list-plus",
        "attributes",
        "attribute.read",
        "attribute.write",
    ),
    General(
        gettext_lazy("Tags"), gettext_lazy("What sorts conversations and tickets."), "tags", "tags", "workspace.read",
        "tag.write",
    ),
    General(
        gettext_lazy("Macros"), gettext_lazy("Answers that are inserted by name."), "zap", "macros", "knowledge.read"
    ),
    General(
        gettext_lazy("Assistant"), gettext_lazy("What the assistant may answer by itself."), "sparkles", "assistant",
        "workspace.read",
    ),
)  # fmt: skip


def of_channels(actor: Actor) -> list[ChannelSettings]:
    """The channels whose settings the member may see."""
    return [one for one in channels.with_settings() if may(actor, one.permission)]


def groups(actor: Actor) -> list[Group]:
    """The list of the settings, as far as the member may see it."""
    found = (
        ("you", _("You"), YOU),
        ("workspace", _("Workspace"), GENERAL),
        ("channels", _("Channels"), tuple(of_channels(actor))),
        ("answers", _("Answers"), ANSWERS),
    )
    seen = (Group(key, title, _permitted(actor, entries)) for key, title, entries in found)
    return [group for group in seen if group.entries]


def audience(permission: str) -> str:
    """Who may see a page with that permission, in words."""
    role = rules()[permission].role
    return {
        Role.VIEWER: _("Everyone in the workspace"),
        Role.AGENT: _("Agents, admins and owners"),
        Role.ADMIN: _("Owners and admins"),
        Role.OWNER: _("Owners"),
    }.get(role or Role.OWNER, "")


def facts(request: DeskRequest, current: str = "", permission: str = "") -> dict[str, object]:
    """The context of a page; `current` is the URL name of its entry in the list, `permission` what it needs beside that of its entry."""
    found = groups(request.actor)
    entry = next((one for group in found for one in group.entries if one.url_name == current), None)
    is_own = any(one.url_name == current for one in YOU)
    changing = "" if entry is None or permission else entry.changing
    return {
        **shell(request, "settings"),
        "groups": found,
        "current": current,
        "audience": "" if entry is None else _("Only you") if is_own else audience(permission or entry.permission),
        "changed_by": "" if not changing or may(request.actor, changing) else audience(changing),
    }


def _permitted(actor: Actor, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(one for one in entries if may(actor, one.permission))
