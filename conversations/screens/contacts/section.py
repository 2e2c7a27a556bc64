"""What the rail and the keyboard need of the customers."""

from __future__ import annotations

from conversations.screens.sections import Link, Section

SECTION = Section(link=Link("Customers", icon="users", url_name="customers", keys=("g c",), is_main=True))
