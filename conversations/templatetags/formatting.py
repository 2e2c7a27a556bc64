"""What the templates of Django's own engine print as the screens do: those of the administration and of signing in."""

from __future__ import annotations

from django import template

from conversations.screens import formatting

register = template.Library()

register.simple_tag(formatting.icon)
register.filter(formatting.status_name)
register.filter(formatting.whole_prose)
