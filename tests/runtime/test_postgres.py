"""The embedded PostgreSQL: who starts it, who keeps it, who may open it, and what survives."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config.server import database
from config.server.postgres import binaries, cluster
from tests.runtime.machine import (
    DEADLINE,
    all_gone,
    environment,
    eventually,
    kill_everything,
    manage,
    new_home,
    processes,
    python,
)

USE = "import sys, pathlib; from config.server.postgres import usage; usage.use(pathlib.Path(sys.argv[1])); print('ready', flush=True)"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as somebody else")


@pytest.fixture
def home() -> Iterator[Path]:
    with new_home() as folder:
        yield folder


def user_of(home: Path) -> subprocess.Popen[str]:
    """A process that uses the server until its standard input closes."""
    process = python(home, "-c", f"{USE}; sys.stdin.read()", str(home))
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    assert any(line == "ready\n" for line in lines)
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=DEADLINE)


def connect(home: Path, **changes: Any) -> psycopg.Connection[Any]:
    given = {
        "host": str(cluster.socket_folder(home)),
        "user": "parley",
        "dbname": "parley",
        "passfile": str(cluster.passfile(home)),
    }
    return psycopg.connect(**(given | changes), autocommit=True)


def server_pid(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().split()[0])


def test_the_server_lives_as_long_as_anybody_uses_it(home: Path) -> None:
    first, second = user_of(home), user_of(home)
    started = server_pid(home)
    end(first)
    with connect(home) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert server_pid(home) == started
    end(second)
    eventually(lambda: all_gone(home), "the end of the server")


def test_a_copy_of_a_user_is_a_user_of_its_own(home: Path) -> None:
    script = """
from config.server.postgres import locks
home = pathlib.Path(sys.argv[1])
(begin, begun), (told, tell) = os.pipe(), os.pipe()
if os.fork() == 0:
    usage.use(home)
    os.write(begun, b".")
    os.close(tell)
    os.read(told, 1)  # until the other has ended
    os._exit(0)
os.read(begin, 1)
usage.leave(home)
file = locks.users(home)
print("free" if locks.try_alone(file) else "still used", flush=True)
"""
    user = python(home, "-c", f"import os; {USE}\n{script}", str(home))
    output, _ = user.communicate(timeout=DEADLINE)
    assert output.splitlines()[-1] == "still used", output
    eventually(lambda: all_gone(home), "the end of the server")


def test_a_user_that_is_killed_leaves_nothing_behind(home: Path) -> None:
    user = user_of(home)
    user.kill()
    user.wait()
    eventually(lambda: all_gone(home), "the end of the server")


def test_what_was_committed_survives_a_power_cut(home: Path) -> None:
    user_of(home)
    with connect(home) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    kill_everything(home)
    again = user_of(home)
    with connect(home) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    end(again)


def test_a_server_that_crashed_is_started_by_the_next_connection(home: Path) -> None:
    code = (
        "import sys, os, signal, pathlib; from config.server.postgres import usage; home = pathlib.Path(sys.argv[1])\n"
        "usage.use(home)\n"
        "os.kill(int((home / 'postgres/postmaster.pid').read_text().split()[0]), signal.SIGKILL)\n"
        "import time; time.sleep(0.2); usage.use(home); print('again')\n"
    )
    output, _ = python(home, "-c", code, str(home)).communicate(timeout=DEADLINE)
    assert output.splitlines()[-1] == "again"


def test_a_keeper_that_is_killed_takes_the_server_with_it(home: Path) -> None:
    user = user_of(home)
    keeper = next(pid for pid in processes(home) if b"postgres.keeper" in Path(f"/proc/{pid}/cmdline").read_bytes())
    postmaster = server_pid(home)
    os.kill(keeper, signal.SIGKILL)
    eventually(lambda: not Path(f"/proc/{postmaster}/fd").exists() or postmaster not in processes(home), "its end")
    assert "database system is shut down" in eventually(lambda: _log_if(home, "is shut down"), "a clean shutdown")
    end(user)


def _log_if(home: Path, words: str) -> str:
    log = (home / cluster.LOG).read_text()
    return log if words in log else ""


def test_nobody_enters_without_the_password(home: Path) -> None:
    user = user_of(home)
    for changes in ({"passfile": "/nowhere"}, {"passfile": "/nowhere", "password": "guess"}, {"user": "postgres"}):
        with pytest.raises(psycopg.OperationalError, match=r"no password supplied|password authentication|no pg_hba"):
            connect(home, **changes)
    assert cluster.passfile(home).stat().st_mode & 0o077 == 0
    assert cluster.socket_folder(home).stat().st_mode & 0o007 == 0
    end(user)


def test_the_desks_role_is_no_superuser_and_text_is_utf8(home: Path) -> None:
    user = user_of(home)
    with connect(home) as connection:
        row = connection.execute("SELECT rolsuper, lower('ÉCOLE') FROM pg_roles WHERE rolname = 'parley'").fetchone()
        assert row == (False, "école")
        connection.execute("CREATE EXTENSION pg_trgm")
        for word in ("請求書", "Ёлка", "한국어", "Müller"):
            assert connection.execute("SELECT cardinality(show_trgm(%s)) > 3", [word]).fetchone() == (True,), word
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    end(user)


def test_a_command_has_the_database_with_and_without_a_running_server(home: Path) -> None:
    ask = (
        "shell",
        "-v",
        "0",
        "-c",
        "from django.db import connection as c; k = c.cursor(); k.execute('SELECT 6 * 7'); print(k.fetchone())",
    )
    assert "(42,)" in manage(home, *ask)
    eventually(lambda: all_gone(home), "the end of the server")
    user = user_of(home)
    started = server_pid(home)
    assert "(42,)" in manage(home, *ask)
    assert server_pid(home) == started
    end(user)


def test_a_command_that_needs_no_database_starts_none(home: Path) -> None:
    manage(home, "check")
    assert not (home / "postgres").exists()


def test_with_a_database_of_the_operators_nothing_is_embedded(home: Path) -> None:
    given = database.settings("postgresql://ada:s3cret@db.example:5433/desk?sslmode=require", home)
    assert given["ENGINE"] == "config.server.backend"
    assert (given["HOST"], given["PORT"], given["NAME"]) == ("db.example", "5433", "desk")
    assert (given["USER"], given["PASSWORD"], given["OPTIONS"]["sslmode"]) == ("ada", "s3cret", "require")


def test_reading_the_settings_writes_nothing(home: Path) -> None:
    database.settings("", home)
    assert list(home.iterdir()) == []


def failing(home: Path, **more: str) -> str:
    process = python(home, "manage.py", "migrate", "--plan", **more)
    output, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert "Traceback" not in output
    return output


@as_root
def test_a_socket_folder_of_somebody_else_is_refused(home: Path) -> None:
    folder = cluster.socket_folder(home)
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    assert f"{folder} belongs to somebody else" in failing(home)


def test_data_of_another_version_is_refused_with_advice(home: Path) -> None:
    data = home / "postgres"
    data.mkdir(mode=0o700)
    (data / "PG_VERSION").write_text("12\n")
    if os.geteuid() == 0:
        shutil.chown(data, "nobody")
    assert "docs/backup.md" in failing(home)


def test_programs_that_are_not_there_are_named(home: Path) -> None:
    assert "POSTGRES_BIN is /nowhere" in failing(home, POSTGRES_BIN="/nowhere")


@as_root
def test_root_whose_folder_is_closed_keeps_the_data_elsewhere_and_says_so(home: Path) -> None:
    home.chmod(0o700)
    process = python(home, "-c", USE, str(home))
    output, _ = process.communicate(timeout=DEADLINE)
    data = (home / "postgres").resolve()
    assert (home / "postgres").is_symlink()
    assert str(data) in output
    assert data.is_relative_to(binaries.PUBLIC_FOLDER)
    assert home.stat().st_mode & 0o077 == 0  # A desk never opens somebody's folder to the world.
    eventually(lambda: all_gone(home), "the end of the server")
    again, _ = python(home, "-c", USE, str(home)).communicate(timeout=DEADLINE)
    assert again == "ready\n"


@as_root
def test_a_root_that_may_not_become_another_user_gets_an_error_that_says_what_to_do(home: Path) -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    done = subprocess.run(
        [
            "setpriv",
            "--bounding-set=-setuid,-setgid",
            "--inh-caps=-setuid,-setgid",
            sys.executable,
            "-c",
            USE,
            str(home),
        ],
        env=environment(home),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert "Set DATABASE_URL" in done.stderr
