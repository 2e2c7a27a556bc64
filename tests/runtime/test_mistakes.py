"""Mistakes in setting up a desk: each is one sentence that names the setting, and shows no traceback and no password."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from config.server.private import keep_private
from tests.runtime.machine import DEADLINE, environment, free_port, python

SECRET = "s3cr3t-w0rd"
ROLES = {
    "make run": ("-m", "config.server", "run"),
    "web": ("-m", "config.server", "web"),
    "worker": ("-m", "config.server", "worker"),
    "release": ("-m", "config.server", "release"),
    "manage.py": ("manage.py", "create_workspace", "acme", "--name", "Acme"),
}
MISTAKES = [
    # where it is made, the settings, and what the sentence holds
    *((role, {"DATABASE_URL": f"postgres//desk:{SECRET}@db/desk"}, "DATABASE_URL cannot be read") for role in ROLES),
    ("manage.py", {"DATABASE_URL": f"postgresql://desk:a@{SECRET}@db/desk"}, "DATABASE_URL cannot be read"),
    ("manage.py", {"DATABASE_URL": f"postgresql://desk:a:{SECRET}%zz@db/desk"}, "DATABASE_URL cannot be read"),
    ("manage.py", {"DATABASE_URL": f"postgresql://desk:{SECRET}@db:none/desk"}, "DATABASE_URL cannot be read"),
    ("web", {"DIRECT_DATABASE_URL": f"mysql://desk:{SECRET}@db/desk"}, "DIRECT_DATABASE_URL cannot be read"),
    ("make run", {"PORT": "eight"}, "PORT is 'eight'"),
    ("make run", {"WEB_PROCESSES": "0"}, "WEB_PROCESSES is 0; it takes 1 to 64"),
    ("release", {"WEB_THREADS": "many"}, "WEB_THREADS is 'many'"),
    ("release", {"DEBUG": "perhaps"}, "DEBUG is 'perhaps'; it takes yes or no"),
    ("release", {"LOG_LEVEL": "loud"}, "LOG_LEVEL is 'LOUD'; it takes DEBUG, INFO"),
    ("release", {"PUBLIC_URL": "https://example.com/desk"}, "cannot be served below a path (/desk)"),
    ("release", {"PUBLIC_URL": "desk.example.com"}, "PUBLIC_URL is 'desk.example.com'; it takes an address"),
    ("release", {"PUBLIC_URL": f"https://ada:{SECRET}@example.com"}, "PUBLIC_URL is not such an address"),
    ("release", {"ALLOWED_HOSTS": "https://desk.example.com"}, "without http://"),
    ("release", {"DEFAULT_FROM_EMAIL": "Support"}, "DEFAULT_FROM_EMAIL is 'Support'; it takes an address"),
    ("release", {"DEFAULT_FROM_EMAIL": "desk@example.com\nBcc: eve@example.com"}, "DEFAULT_FROM_EMAIL is 'desk@"),
    ("release", {"FEEDBACK_RECIPIENTS": "ada@example.com, ben"}, "FEEDBACK_RECIPIENTS holds 'ben'"),
    ("release", {"SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE is /nowhere/key, which cannot be read"),
    ("web", {"DESK_HOME": "/dev/null/desk"}, "DESK_HOME is /dev/null/desk, which cannot be used (Not a directory)"),
    ("make run", {"HOST": "nowhere.invalid"}, "The desk cannot listen on nowhere.invalid"),
    *(
        (role, {"DATABASE_URL": f"postgresql://desk:{SECRET}@127.0.0.1:1/desk"}, "failed: Connection refused")
        for role in ("make run", "worker", "release", "manage.py")
    ),
]  # fmt: skip


@pytest.mark.parametrize(("role", "mistake", "words"), MISTAKES, ids=lambda value: str(value)[:40])
def test_mistake_is_one_sentence(role: str, mistake: dict[str, str], words: str, tmp_path: Path) -> None:
    process = python(tmp_path, *ROLES[role], **{"PORT": str(free_port()), **mistake})
    output, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1, output
    assert words in output
    assert len(output.splitlines()) == 1, output
    assert SECRET not in output


def test_data_folder_is_closed_to_others_whatever_made_it(tmp_path: Path) -> None:
    """An earlier version left it open; what any command makes is closed from the beginning."""
    home = tmp_path / "desk"
    for folder in (home, home / "mail", home / "files" / "acme", home / "static"):
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    for file in (home / "mail" / "1.log", home / "files" / "acme" / "id.pdf", home / "postgres.log"):
        file.write_text("customers' words")
        file.chmod(0o644)
    (home / "files" / "elsewhere").symlink_to(tmp_path)
    tmp_path.chmod(0o755)
    command = "import pathlib, django.conf; (django.conf.settings.DESK_HOME / 'mail' / '2.log').write_text('x')"
    made = python(home, "manage.py", "shell", "-v", "0", "-c", command)
    output, _ = made.communicate(timeout=DEADLINE)
    assert made.returncode == 0, output
    found = [path for path in home.rglob("*") if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert found == []
    assert (home / "mail" / "2.log").exists()
    # As root it may be passed through, by the user that runs PostgreSQL, and no more.
    assert stat.S_IMODE(home.stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert environment(home)["DESK_HOME"] == str(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's folder is passed through by another user")
def test_data_folder_within_another_keeps_its_database_reachable(tmp_path: Path) -> None:
    home = tmp_path / "desk"
    within = home / "test"
    (within / "postgres").mkdir(parents=True)
    (within / "mail").mkdir()
    keep_private(home)
    assert stat.S_IMODE(within.stat().st_mode) == 0o711
    assert stat.S_IMODE((within / "mail").stat().st_mode) == 0o700
