"""What the rail and the keyboard need of the customers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from conversations.screens.sections import Link, Section

SECTION = Section(link=Link(_("Customers"), icon="users", url_name="customers", keys=("g c",), is_main=True))
