"""What the rail needs of the workspace's people."""

from __future__ import annotations

from conversations.screens.sections import Link, Section

SECTION = Section(link=Link("People", icon="users", url_name="people", permission="member.invite"))
