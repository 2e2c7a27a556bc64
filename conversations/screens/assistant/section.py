"""What the rail needs of the assistant's page."""

from __future__ import annotations

from conversations.screens.sections import Link, Section

SECTION = Section(link=Link("Assistant", icon="sparkles", url_name="assistant"))
