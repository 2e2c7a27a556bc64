"""A real PgBouncer in transaction mode before a database of the tests' PostgreSQL."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from config.server.postgres import binaries
from tests.runtime import scratch
from tests.runtime.machine import eventually, free_port, stop

SIZE = 5  # sessions that the pooler opens in the database


@contextmanager
def before(address: str) -> Iterator[str]:
    """The address of the pooler. Skips the test where PgBouncer is not installed, unless REQUIRE_POOLER is set."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        if os.environ.get("REQUIRE_POOLER"):
            pytest.fail("REQUIRE_POOLER is set, and pgbouncer is not installed")
        pytest.skip("pgbouncer is not installed")
    parts = conninfo_to_dict(address)
    if passfile := parts.get("passfile"):
        parts["password"] = Path(passfile).read_text().strip().rsplit(":", 1)[1]
    target = {"host": parts.get("host", ""), "port": parts.get("port") or 5432, "dbname": parts["dbname"]}
    target |= {"user": parts["user"], "password": parts.get("password", "")}
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="parley-pooler-"))
    folder.chmod(0o755)
    config = folder / "pgbouncer.ini"
    config.write_text(
        "[databases]\n"
        f"pooled = {' '.join(f'{name}={value}' for name, value in target.items() if value)}\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\nadmin_users = parley\npool_mode = transaction\n{_without_help(program)}"
        f"default_pool_size = {SIZE}\nignore_startup_parameters = extra_float_digits\n"
    )
    # It refuses to run as root, and has to reach the socket of whoever runs PostgreSQL.
    as_user = []
    if os.geteuid() == 0:
        as_user = ["-u", _name_of(binaries.account((Path(os.environ["DESK_HOME"]) / "postgres").resolve()).uid)]
    process = subprocess.Popen(
        [program, "-q", *as_user, config], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    pooled = f"postgresql://parley@127.0.0.1:{port}/pooled"
    try:
        eventually(lambda: process.poll() is not None or _answers(pooled), "the pooler")
        assert process.poll() is None, process.communicate()[0]
        yield pooled
    finally:
        stop(process)
        shutil.rmtree(folder)


def _without_help(program: str) -> str:
    """Newer versions look after prepared statements; the desk is to work with those that do not."""
    found = re.search(r"(\d+)\.(\d+)", subprocess.run([program, "--version"], capture_output=True, text=True).stdout)
    assert found is not None
    return "max_prepared_statements = 0\n" if (int(found[1]), int(found[2])) >= (1, 21) else ""


def _name_of(uid: int) -> str:
    import pwd

    return pwd.getpwuid(uid).pw_name


def _answers(address: str) -> bool:
    try:
        scratch.connect(address).close()
    except Exception:
        return False
    return True
