"""What the rail and the keyboard need of the knowledge base."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from conversations.screens.sections import Link, Section

SECTION = Section(link=Link(_("Knowledge"), icon="book-open", url_name="knowledge", keys=("g k",), is_main=True))
