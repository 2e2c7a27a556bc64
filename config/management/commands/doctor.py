"""`manage.py doctor`"""

from __future__ import annotations

import sys
from typing import Any

from accounts.management.base import DeskCommand
from config import doctor
from config.doctor import State


class Command(DeskCommand):
    """Looks at every part of the desk."""

    help = """Look at every part of the desk, beside a running one, and print one line for each.

Ends with 1 when the desk cannot work like that (lines that begin with "broken"); "advice" changes nothing.

Example: manage.py doctor"""

    def run(self, **options: Any) -> None:
        styles = {State.OK: self.style.SUCCESS, State.ADVICE: self.style.WARNING, State.BROKEN: self.style.ERROR}
        is_broken = False
        for line in doctor.examine():
            is_broken |= line.state is State.BROKEN
            self.stdout.write(f"{styles[line.state](f'{line.state.value:<7}')} {line.part:<14} {line.text}")
        if is_broken:
            sys.exit(1)
