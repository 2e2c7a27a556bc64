"""`manage.py setup_link`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from accounts.credentials import links
from accounts.management.base import DeskCommand
from accounts.queries import is_set_up


class Command(DeskCommand):
    """Prints where an empty desk is set up."""

    help = """Print the link with which an empty desk is set up in a browser: its first workspace and owner.

It works until the first person exists. Anyone who has it can take over the desk: keep it secret.

Example: manage.py setup_link"""

    def run(self, **options: Any) -> None:
        if is_set_up():
            raise CommandError("this desk is already set up; people join by invitation")
        self.stdout.write(links.setup())
