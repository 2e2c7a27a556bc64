"""`manage.py export_contact --workspace SLUG --contact REFERENCE [--zip FILE]`"""

from __future__ import annotations

import zipfile
from typing import Any

from django.core.management.base import CommandParser

from accounts import clock, tenancy
from accounts.management.base import DeskCommand, find_workspace, system
from conversations.models import Attachment
from conversations.privacy import actions, export, finding


class Command(DeskCommand):
    """Writes what is known of a customer as JSON on stdout, or with their files into a ZIP archive."""

    help = """Export all that a workspace knows of a customer, as JSON on stdout; docs/privacy.md describes it.

With --zip the document and every file are written into an archive instead, whose path is the last line on stdout.

Example: manage.py export_contact --workspace acme --contact ada@example.com > ada.json"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace of the customer")
        parser.add_argument(
            "--contact", required=True, metavar="REFERENCE", help="external id, public id, or an email address"
        )
        parser.add_argument("--zip", metavar="FILE", help="an archive to write, with all files")

    def run(self, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        at = clock.now()
        with tenancy.scope(workspace):
            contact = actions.export_contact(contact=finding.one(options["contact"]), by=system(workspace), at=at)
            if not options["zip"]:
                for part in export.parts(contact, at=at, locate=finding.path_of):
                    self.stdout.write(part, ending="")
                return
            with zipfile.ZipFile(options["zip"], "w", zipfile.ZIP_DEFLATED) as archive:
                with archive.open("person.json", "w", force_zip64=True) as document:
                    for part in export.parts(contact, at=at, locate=_inside):
                        document.write(part.encode())
                for one in export.files(contact):
                    with one.file.open("rb") as content, archive.open(_inside(one), "w", force_zip64=True) as target:
                        for chunk in content.chunks():
                            target.write(chunk)
        self.stdout.write(options["zip"])


def _inside(file: Attachment) -> str:
    return f"files/{file.public_id}/{file.name}"
