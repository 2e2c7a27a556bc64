"""A backup and the way back: everything comes back, or nothing is touched."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.backup import restore
from config.backup.archive import Damaged
from tests import template
from tests.runtime import scratch
from tests.runtime.machine import DEADLINE, ROOT, environment, manage, new_home, python

ADD_PAIR = (
    "INSERT INTO accounts_user (password, is_superuser, public_id, email, name, is_active, is_staff, preferences, date_joined) "
    "VALUES ('', false, gen_random_uuid(), %s, '', true, false, '{}', now())",
    "INSERT INTO auth_group (name) VALUES (%s)",
)
# The desk's own restore, killed at the last moment before its transaction ends.
KILLED = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection

def killed(execute, sql, params, many, context):
    if "setval" in str(sql):
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, params, many, context)

with connection.execute_wrapper(killed):
    call_command("restore", sys.argv[1], "--replace")
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with new_home() as folder:
        yield folder


@pytest.fixture(scope="module")
def desk(home: Path) -> Iterator[str]:
    """The address of a desk with a month of conversations, files among them."""
    with template.copied() as address:
        manage(home, "seed_demo", DATABASE_URL=address)
        yield address


@pytest.fixture(scope="module")
def archive(home: Path, desk: str) -> Path:
    path = home / "desk.parley"
    manage(home, "backup", str(path), DATABASE_URL=desk)
    return path


def manifest(path: Path) -> dict[str, Any]:
    with tarfile.open(path) as found:
        member = found.extractfile("manifest.json")
        assert member is not None
        content: dict[str, Any] = json.load(member)
        return content


def refused(home: Path, path: Path, *options: str, **more: str) -> str:
    process = python(home, "manage.py", "restore", str(path), *options, **more)
    output, _ = process.communicate(timeout=4 * DEADLINE)
    assert process.returncode == 1, output
    assert "Traceback" not in output
    return output


def count(address: str, table: str) -> int:
    with scratch.connect(address) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert row is not None
        return int(row[0])


def test_everything_comes_back_on_another_machine(home: Path, archive: Path) -> None:
    assert archive.stat().st_mode & 0o077 == 0
    with new_home() as other:
        manage(other, "restore", str(archive))  # into an embedded database that did not exist
        again = other / "again.parley"
        manage(other, "backup", str(again))
        before, after = manifest(archive), manifest(again)
        assert after["tables"] == before["tables"]
        assert after["files"] == before["files"]
        assert before["files"]["count"] > 0
        assert before["tables"]["conversations_message"]["count"] > 100
        assert (other / "secrets/secret_key").read_text() == (home / "secrets/secret_key").read_text()
        assert "were not applied" not in manage(other, "migrate", "--check")
        assert "holds a desk already" in refused(other, archive)


def test_keys_of_the_environment_come_along_and_open_what_they_sealed(home: Path, desk: str) -> None:
    """The key of channels is part of a backup like SECRET_KEY, with those of before."""
    keys = {"CHANNEL_SECRETS_KEY": "of the environment", "CHANNEL_SECRETS_KEYS_BEFORE": "of before,and of long before"}
    path = home / "keys.parley"
    manage(home, "backup", str(path), DATABASE_URL=desk, **keys)
    with new_home() as other, template.copied() as address:
        output = manage(other, "restore", str(path), DATABASE_URL=address, CHANNEL_SECRETS_KEY="another one")
        kept = other / "secrets/channel_secrets_key"
        assert f"CHANNEL_SECRETS_KEY is another than the backup's: set it to the content of {kept}." in output
        assert kept.read_text() == "of the environment"
        shell = "from django.conf import settings; print(settings.CHANNEL_SECRETS_KEYS)"
        printed = manage(other, "shell", "--no-imports", "-c", shell, DATABASE_URL=address)
        assert "['of the environment', 'of before', 'and of long before']" in printed


def test_what_is_written_meanwhile_is_in_it_wholly_or_not_at_all(home: Path, desk: str) -> None:
    is_over, written = threading.Event(), threading.Event()

    def write() -> None:
        with scratch.connect(desk) as connection:
            number = 0
            while not is_over.is_set():
                number += 1
                with connection.transaction():
                    for statement in ADD_PAIR:
                        connection.execute(statement, [f"pair{number}@example.com"])
                written.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(DEADLINE)
        path = home / "meanwhile.parley"
        manage(home, "backup", str(path), DATABASE_URL=desk)
    finally:
        is_over.set()
        writer.join()
    with template.copied() as other:
        manage(home, "restore", str(path), DATABASE_URL=other)
        pairs = count(other, "auth_group")
        assert 0 < pairs == count(other, "accounts_user WHERE email LIKE 'pair%'")
        with scratch.connect(other) as connection:  # sequences go on where they stood
            connection.execute(ADD_PAIR[1], ["one more"])


def test_a_file_that_was_cut_or_changed_is_refused_and_nothing_is_touched(home: Path, archive: Path) -> None:
    whole = archive.read_bytes()
    plain = gzip.decompress(whole)
    changed = bytearray(plain)
    changed[plain.index(b"tables/conversations_message/") + 2000] ^= 1
    for content in (
        whole[: len(whole) // 2],
        gzip.compress(plain[: plain.rindex(b"manifest.json")] + b"\0" * 1024),
        b"hello",
    ):
        with pytest.raises(Damaged):
            restore.check(io.BytesIO(content))
    path = home / "damaged.parley"
    path.write_bytes(gzip.compress(changed))
    with scratch.database_of_its_own() as other:
        assert "It is damaged" in refused(home, path, DATABASE_URL=other)
        with scratch.connect(other) as connection:
            assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_a_restore_that_is_killed_leaves_what_was_there(home: Path, archive: Path) -> None:
    with template.copied() as other:
        manage(home, "create_workspace", "mine", "--name", "Mine", DATABASE_URL=other)
        process = python(home, "-c", KILLED, str(archive), DATABASE_URL=other, DJANGO_SETTINGS_MODULE="config.settings")
        process.communicate(timeout=4 * DEADLINE)
        assert process.returncode == -9
        assert count(other, "accounts_workspace") == count(other, "accounts_workspace WHERE slug = 'mine'") == 1
        assert "holds a desk already" in refused(home, archive, DATABASE_URL=other)
        manage(home, "restore", str(archive), "--replace", DATABASE_URL=other)
        assert count(other, "accounts_workspace WHERE slug = 'mine'") == 0


def test_a_backup_of_an_older_version_is_brought_up_to_date_and_one_of_a_newer_is_refused(home: Path) -> None:
    with scratch.database_of_its_own() as old, scratch.database_of_its_own() as other:
        manage(home, "migrate", "conversations", "0006", "-v", "0", DATABASE_URL=old)
        manage(home, "migrate", "auth", "-v", "0", DATABASE_URL=old)
        with scratch.connect(old) as connection:
            connection.execute(ADD_PAIR[0], ["ada@example.com"])
        path = home / "old.parley"
        manage(home, "backup", str(path), DATABASE_URL=old)
        manage(home, "restore", str(path), DATABASE_URL=other)
        manage(home, "migrate", "--check", DATABASE_URL=other)
        assert count(other, "accounts_user WHERE email = 'ada@example.com'") == 1
        with scratch.connect(other) as connection:
            connection.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES ('accounts', '9999_to_come', now())"
            )
        manage(home, "backup", str(path), DATABASE_URL=other)
        assert "newer version" in refused(home, path, "--replace", DATABASE_URL=old)


def test_a_full_disk_leaves_no_file_that_looks_whole(home: Path, desk: str) -> None:
    folder = home / "full"
    folder.mkdir()
    command = f"ulimit -f 8; exec {sys.executable} manage.py backup {folder}/desk.parley"
    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=environment(home, DATABASE_URL=desk), capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "the backup could not be written" in done.stderr
    assert list(folder.iterdir()) == []
