"""The release role: two at once, killed ones, and tables that are written while it works."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import template
from tests.runtime import scratch
from tests.runtime.machine import DEADLINE, eventually, manage, new_home, python

INVALID = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
INDEX_AT_WORK = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'CREATE INDEX CONCURRENTLY%tickets_ticket%' "
    "AND wait_event_type = 'Lock'"
)
TABLE_WANTED = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
    "AND query LIKE 'ALTER TABLE%'"
)
CHANGED = "SELECT 1 FROM django_migrations WHERE app = 'tickets' AND name LIKE '0003%'"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with new_home() as folder:
        yield folder


@pytest.fixture
def address() -> Iterator[str]:
    with scratch.database_of_its_own() as made:
        yield made


def release(home: Path, address: str) -> subprocess.Popen[str]:
    return python(home, "-m", "config.server", "release", DATABASE_URL=address)


def end(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=4 * DEADLINE)
    assert process.returncode == 0, output
    return output


def test_two_releases_at_once_take_turns(home: Path) -> None:
    with template.copied() as address:
        manage(home, "migrate", "conversations", "0148", "-v", "0", DATABASE_URL=address)
        first, second = release(home, address), release(home, address)
        output = end(first) + end(second)
    assert output.count("Bringing the database up to date.") == 1
    assert output.count("Collecting static files.") == 1


def test_an_index_does_not_block_writes_and_is_made_anew_after_a_kill(home: Path, address: str) -> None:
    manage(home, "migrate", "tickets", "0004", "-v", "0", DATABASE_URL=address)
    with scratch.connect(address) as writer, scratch.connect(address) as other:
        writer.execute("BEGIN; LOCK tickets_ticket IN ROW EXCLUSIVE MODE")
        killed = release(home, address)
        eventually(lambda: other.execute(INDEX_AT_WORK).fetchone(), "the making of the index")
        other.execute("SET statement_timeout = '20s'")
        other.execute("UPDATE tickets_ticket SET subject = ''")  # waits for nobody
        killed.kill()
        killed.communicate()
        # The server notices by itself that nobody is there any more.
        eventually(lambda: not other.execute(INDEX_AT_WORK).fetchone(), "the end of the killed release's statement")
        assert other.execute(INVALID).fetchone() == (1,)
        writer.execute("COMMIT")
        manage(home, "migrate", "tickets", "-v", "0", DATABASE_URL=address)
        assert other.execute(INVALID).fetchone() == (0,)


def test_a_migration_that_waits_for_a_long_report_keeps_nobody_else_waiting(home: Path, address: str) -> None:
    manage(home, "migrate", "tickets", "0002", "-v", "0", DATABASE_URL=address)
    with scratch.connect(address) as report, scratch.connect(address) as writer:
        report.execute("BEGIN; LOCK tickets_ticket IN ACCESS SHARE MODE")
        waiting = release(home, address)
        eventually(lambda: writer.execute(TABLE_WANTED).fetchone(), "the wish to change the table")
        writer.execute("SET statement_timeout = '20s'")
        writer.execute("UPDATE tickets_ticket SET subject = ''")
        assert waiting.poll() is None
        report.execute("COMMIT")
        eventually(lambda: writer.execute(CHANGED).fetchone(), "the change of the table")
        waiting.kill()
        waiting.communicate()


@pytest.mark.parametrize("step", [67, pytest.param(1, marks=pytest.mark.soak)])
def test_a_release_that_is_killed_after_every_commit_comes_to_its_end(home: Path, address: str, step: int) -> None:
    process = python(home, "-m", "tests.runtime.killed_release", str(step), DATABASE_URL=address)
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    with scratch.connect(address) as connection:
        assert connection.execute(INVALID).fetchone() == (0,)
        tables = "SELECT count(*) FROM django_content_type WHERE app_label = 'conversations' AND model = 'message'"
        assert connection.execute(tables).fetchone() == (1,)
    manage(home, "migrate", "--check", DATABASE_URL=address)
