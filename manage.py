#!/usr/bin/env python
"""Operator commands of the desk: `.venv/bin/python manage.py help`."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    from config.server.postgres.binaries import PostgresError

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        if not isinstance(error.__cause__, PostgresError):
            raise
        sys.exit(f"{error}")  # It says what to do; a traceback would only hide it.
