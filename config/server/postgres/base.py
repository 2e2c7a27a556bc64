"""Django's PostgreSQL backend over the embedded server: opening a connection is what starts it.

So every command that needs the database has it, beside a running desk or without one, and no command that does not
need it starts anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db.backends.postgresql import client
from django.db.utils import OperationalError

from config.server.backend import base
from config.server.postgres import usage
from config.server.postgres.binaries import PostgresError


class DatabaseClient(client.DatabaseClient):
    def runshell(self, parameters: Iterable[str]) -> None:
        usage.use(Path(self.connection.settings_dict["EMBEDDED_HOME"]))
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        """Also what the job queue asks for its own connections."""
        try:
            usage.use(Path(self.settings_dict["EMBEDDED_HOME"]))
        except PostgresError as error:
            raise OperationalError(str(error)) from error
        return super().get_connection_params()
