#!/usr/bin/env python
"""Operator commands of the desk: `.venv/bin/python manage.py help`."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.server import failing, loading

    try:
        from django.core.management import execute_from_command_line

        from config.server.home import desk_home
        from config.server.private import keep_private

        keep_private(desk_home(), is_written=False)
        execute_from_command_line(sys.argv)
    except Exception as error:
        # It says what to do; a traceback would only hide it.
        sentence = failing.sentence(error)
        if sentence is None or "--traceback" in sys.argv:
            raise
        sys.exit(sentence)
    finally:
        loading.leave_all()


if __name__ == "__main__":
    main()
