"""`manage.py backup FILE`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError

from accounts.management.base import DeskCommand
from config.backup import save


class Command(DeskCommand):
    """Writes a copy of the whole desk."""

    help = """Write the whole desk into one file, beside a running one: database, uploads, and the secrets that open them.

Anyone who has the file can read everything in it and sign in as anybody: keep it as safe as the desk. It appears under its
name when it is complete, and only its owner may read it. "-" writes to stdout.

Example: manage.py backup /backups/desk-$(date +%F).parley"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help='where to; "-" is stdout')

    def run(self, **options: Any) -> None:
        try:
            if options["file"] == "-":
                sums = save.write(sys.stdout.buffer)
                sys.stdout.buffer.flush()
            else:
                sums = save.save(Path(options["file"]))
        except save.Nothing as error:
            raise CommandError(f"{error}: is this its DATABASE_URL or DESK_HOME?") from error
        except OSError as error:
            raise CommandError(f"the backup could not be written: {error}") from error
        except DatabaseError as error:
            raise CommandError(f"the database could not be read: {error}") from error
        rows = sum(total.count for total in sums.tables.values())
        self.say(f"{len(sums.tables)} tables with {rows} rows, and {sums.files.count} files.")
