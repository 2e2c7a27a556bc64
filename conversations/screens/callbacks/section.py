"""What the rail and the keyboard need of the callbacks."""

from __future__ import annotations

from conversations.screens.sections import Link, Section

SECTION = Section(link=Link("Callbacks", icon="phone", url_name="callbacks", keys=("g h",)))
