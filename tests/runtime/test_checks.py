"""What is found when a role starts, by `check` and by `doctor`: one sentence, with the way out, and no traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from config import database_checks
from config.logs import WithoutTracebackOfOthers
from tests import template
from tests.runtime import pooler, scratch
from tests.runtime.machine import DEADLINE, free_port, new_home, python


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with new_home() as folder:
        yield folder


def run(home: Path, *arguments: str, **more: str) -> tuple[int, str]:
    """Exit status and output of a process that must end by itself."""
    process = python(home, *arguments, **more)
    output, _ = process.communicate(timeout=4 * DEADLINE)
    assert "Traceback" not in output
    return process.returncode, output


def role(home: Path, name: str, **more: str) -> tuple[int, str]:
    return run(home, "-m", "config.server", name, PORT=str(free_port()), **more)


@pytest.mark.parametrize(("encoding", "refused"), [("LATIN1", "worker"), ("SQL_ASCII", "release")])
def test_a_database_that_keeps_no_scripts_is_refused(home: Path, encoding: str, refused: str) -> None:
    options = f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc TEMPLATE template0"
    with scratch.database_of_its_own(options) as address:
        for status, output in (
            role(home, refused, DATABASE_URL=address),
            run(home, "manage.py", "check", "--database", "default", DATABASE_URL=address),
        ):
            assert status == 1
            assert f"The database's encoding is {encoding}" in output
            assert "CREATE DATABASE parley ENCODING 'UTF8'" in output


def test_a_database_that_knows_no_letters_is_named_and_used_all_the_same(home: Path) -> None:
    options = "LC_CTYPE 'C' TEMPLATE template0"
    with scratch.database_of_its_own(options) as address:
        status, output = run(home, "manage.py", "check", "--database", "default", DATABASE_URL=address)
        assert status == 0
        assert "LC_CTYPE is C" in output
        assert "docs/backup.md" in output


def test_a_pooler_needs_a_way_past_it(home: Path) -> None:
    with template.copied() as direct, pooler.before(direct) as pooled:
        status, output = role(home, "worker", DATABASE_URL=pooled)
        assert status == 1
        assert "transaction pooler" in output
        assert "Set DIRECT_DATABASE_URL" in output
        status, output = run(home, "manage.py", "doctor", DATABASE_URL=pooled)
        assert status == 1
        assert "broken  configuration  DATABASE_URL leads to a transaction pooler" in output
        assert role(home, "release", DATABASE_URL=pooled, DIRECT_DATABASE_URL=direct)[0] == 0
        _, output = run(home, "manage.py", "doctor", DATABASE_URL=pooled, DIRECT_DATABASE_URL=direct)
        assert "ok      notifications" in output
        assert "ok      migrations" in output
        with scratch.database_of_its_own() as other:
            check = ("manage.py", "check", "--database", "default")
            status, output = run(home, *check, DATABASE_URL=pooled, DIRECT_DATABASE_URL=other)
            assert status == 1
            assert "DIRECT_DATABASE_URL does not lead" in output


@pytest.mark.django_db
def test_an_old_postgresql_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_checks, "OLDEST", 99)
    found = database_checks.postgresql_is_recent(databases=["default"])
    assert [message.id for message in found] == ["parley.E010"]
    assert "the desk needs 99 or newer" in found[0].msg


def test_redis_without_its_package_and_a_host_without_static_files_are_refused(home: Path, tmp_path: Path) -> None:
    # For developers it is installed.
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['redis'] = None\n")
    given = {"REDIS_URL": "redis://127.0.0.1:1/0", "PYTHONPATH": str(tmp_path)}
    with scratch.database_of_its_own() as address, new_home() as second_host:
        status, output = role(second_host, "web", DATABASE_URL=address, **given)
    assert status == 1
    assert "the Python package redis is not installed" in output
    assert "The static files are not on this machine" in output
    assert "python -m config.server release" in output


def test_a_worker_whose_database_is_away_says_so_in_one_line(home: Path) -> None:
    status, output = role(home, "worker", DATABASE_URL="postgresql://parley:secret@127.0.0.1:1/parley")
    assert status == 1
    assert "The worker cannot reach the database" in output
    assert "secret" not in output


@pytest.mark.django_db(transaction=True)
def test_doctor_names_what_stops_work_and_what_is_only_advice(settings: Any) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.PUBLIC_URL = "http://desk.example"
    output = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=output, no_color=True)
    assert ended.value.code == 1
    lines = {line[8:23].strip(): line[:7].strip() for line in output.getvalue().splitlines()}
    assert lines["mail"] == lines["worker"] == "broken"
    assert lines["address"] == "advice"
    assert lines["database"] == lines["storage"] == lines["notifications"] == lines["cache"] == "ok"


def test_strangers_wrong_host_is_one_line_in_the_log() -> None:
    """Scanners of the internet send thousands of them."""
    log = StringIO()
    handler = logging.StreamHandler(log)
    handler.addFilter(WithoutTracebackOfOthers())
    logger = logging.getLogger("django.security.DisallowedHost")
    logger.addHandler(handler)
    try:
        assert Client().get("/", headers={"host": "evil.example"}).status_code == 400
    finally:
        logger.removeHandler(handler)
    assert len(log.getvalue().splitlines()) == 1
    assert "evil.example" in log.getvalue()
