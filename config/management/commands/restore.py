"""`manage.py restore FILE [--replace]`"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError

from accounts.management.base import DeskCommand
from config import env
from config.backup import restore
from config.backup.archive import Damaged


class Command(DeskCommand):
    """Reads a copy of the whole desk back."""

    help = """Read a backup back: into an empty desk, or with --replace in the place of one.

The file is checked as a whole before anything is touched, and loaded in one transaction: a restore that fails or is
killed leaves what was there. A backup of an older version is brought up to date; one of a newer version is refused.
Restart the desk afterwards.

Example: manage.py restore /backups/desk-2026-11-29.parley --replace"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--replace", action="store_true", help="lose what the database holds now")
        parser.add_argument("--check", action="store_true", help="look whether the file is whole, and restore nothing")

    def run(self, **options: Any) -> None:
        try:
            with Path(options["file"]).open("rb") as source:
                head, sums = restore.check(source)
                rows = sum(total.count for total in sums.tables.values())
                self.say(
                    f"Made at {head.made_at}: {len(sums.tables)} tables with {rows} rows, {sums.files.count} files."
                )
                if options["check"]:
                    return
                restore.restore(source, replace=options["replace"])
        except (Damaged, restore.Refused) as error:
            raise CommandError(f"{options['file']} was not restored. {error}") from error
        except OSError as error:
            raise CommandError(f"{options['file']} was not restored: {error}") from error
        except DatabaseError as error:
            raise CommandError(f"{options['file']} was not restored; the database says: {error}") from error
        self.say("Restored. Restart the desk (web and worker), so that nothing goes on with what was there before.")
        for name, present in (
            ("SECRET_KEY", settings.SECRET_KEY),
            ("CHANNEL_SECRETS_KEY", settings.CHANNEL_SECRETS_KEYS[0]),
        ):
            stored = Path(settings.DESK_HOME) / "secrets" / name.lower()
            if env.text(name) and stored.exists() and stored.read_text(encoding="ascii") != present:
                self.say(f"{name} is another than the backup's: set it to the content of {stored}.")
