"""A PostgreSQL of a test's own with a streaming replica: real servers, both thrown away afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from config.server.postgres import binaries
from tests import template
from tests.runtime import scratch
from tests.runtime.machine import eventually, free_port


@dataclass
class Server:
    """One PostgreSQL on a port of this machine."""

    folder: Path
    port: int
    account: dict[str, Any]

    @property
    def address(self) -> str:
        return f"postgresql://parley@127.0.0.1:{self.port}/desk"

    def run(self, program: str, *arguments: str, **more: Any) -> None:
        done = subprocess.run(
            [programs() / program, *arguments], capture_output=True, text=True, **self.account, **more
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        log = str(self.folder.parent / f"{self.folder.name}.log")
        self.run("pg_ctl", "-D", str(self.folder), "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self.folder), "-m", "immediate", "stop")

    def ask(self, statement: str, *values: Any) -> Any:
        with psycopg.connect(self.address, autocommit=True) as connection:
            row = connection.execute(statement, values).fetchone()  # type: ignore[call-overload]
            return row[0] if row else None


def _account() -> binaries.Account:
    return binaries.account((Path(os.environ["DESK_HOME"]) / "postgres").resolve())


def programs() -> Path:
    """The folder of PostgreSQL's programs, where their user reaches it."""
    return binaries.reachable(_account())


@contextmanager
def replicated() -> Iterator[tuple[Server, Server]]:
    """A primary with the desk's tables in the database `desk`, and its replica."""
    place = Path(tempfile.mkdtemp(prefix="parley-replica-"))
    account: dict[str, Any] = {"cwd": place, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}}
    if os.geteuid() == 0:  # PostgreSQL does not run as root.
        owner = _account()
        shutil.chown(place, owner.uid, owner.gid)
        account |= {"user": owner.uid, "group": owner.gid, "extra_groups": []}
    primary, replica = (Server(place / name, free_port(), account) for name in ("primary", "replica"))
    started: list[Server] = []
    try:
        primary.run("initdb", "-D", str(primary.folder), "-U", "parley", "-A", "trust", "--no-sync", "-E", "UTF8")
        primary.start()
        started.append(primary)
        with psycopg.connect(primary.address.replace("/desk", "/postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE desk")
        source = scratch.address_of(template.name())
        dump = subprocess.run([programs() / "pg_dump", "--no-owner", "-d", source], capture_output=True, check=True)
        primary.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", primary.address, input=dump.stdout.decode())
        copied = ("-D", str(replica.folder), "-R", "-X", "stream", "-c", "fast", "--no-sync")
        replica.run("pg_basebackup", "-d", primary.address.replace("/desk", "/postgres"), *copied)
        replica.start()
        started.append(replica)
        eventually(lambda: replica.ask("SELECT count(*) FROM pg_stat_wal_receiver") == 1, "the replica")
        yield primary, replica
    finally:
        for server in reversed(started):
            if (server.folder / "postmaster.pid").exists():
                server.stop()
        shutil.rmtree(place)
