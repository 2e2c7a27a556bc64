"""One PostgreSQL data folder: made once, then started on a Unix socket that only this desk can open."""

from __future__ import annotations

import hashlib
import locale
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from config import secrets
from config.server import processes
from config.server.postgres import binaries
from config.server.postgres.binaries import Account, PostgresError

ROLE = DATABASE = "parley"
PASSFILE = "postgres.pass"
LOG = "postgres.log"
LOG_LIMIT = 10 * 1024 * 1024  # bytes; an older log is kept once, as postgres.log.1


def socket_folder(home: Path) -> Path:
    """Where the server of this data folder listens; the same for every process, without asking anybody.

    It is not below `home` because a socket's whole path may have 107 bytes at most.
    """
    return Path("/tmp") / f"parley-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"  # noqa: S108 - checked when made


def passfile(home: Path) -> Path:
    """The password file, in PostgreSQL's own format, so that psql and pg_dump can use it too."""
    return home / "secrets" / PASSFILE


def answers(home: Path) -> bool:
    """True when the server accepts connections: it asks for the password of a session that is about to begin."""
    packet = f"user\0{ROLE}\0database\0{DATABASE}\0\0".encode()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(socket_folder(home) / ".s.PGSQL.5432"))
            client.sendall(struct.pack("!ii", len(packet) + 8, 196608) + packet)
            return client.recv(1024)[:1] == b"R"  # an authentication request; "E" while it is still starting
        except OSError:
            return False


@dataclass(frozen=True)
class Cluster:
    """A data folder that is ready to be started."""

    home: Path
    data: Path
    programs: Path
    user: Account

    def start(self, *, durable: bool, server_lock: int) -> subprocess.Popen[bytes]:
        """Start the server as a child that ends with us. `durable=False` is for data that may be lost, as in tests."""
        _drop_stale_pid_files(self.data, socket_folder(self.home))
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(socket_folder(self.home)),
            "max_connections": "100",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",  # Compiling costs more than any of the desk's queries takes.
        }
        if not durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            # Each test leaves rows behind that were rolled back, and every later scan reads them until they are vacuumed.
            # Analyzing would choose other plans in the middle of a test.
            options |= {"autovacuum_naptime": "5s", "autovacuum_vacuum_cost_delay": "0"}
            options |= {"autovacuum_analyze_threshold": "2147483647"}
            # Each worker of the tests has desks of its own, whose parts have several connections.
            options |= {"max_connections": "400"}
        log = self.home / LOG
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            return subprocess.Popen(
                [
                    self.programs / "postgres",
                    "-D",
                    self.data,
                    *(f"--{name}={value}" for name, value in options.items()),
                ],
                env=binaries.ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in a terminal must not reach it before our own shutdown does.
                preexec_fn=processes.ends_with_parent(signal.SIGINT),  # SIGINT is PostgreSQL's "fast shutdown".
                pass_fds=[server_lock],
                user=self.user.uid if self.user.is_other else None,
                group=self.user.gid if self.user.is_other else None,
                extra_groups=[] if self.user.is_other else None,
            )

    def log_tail(self) -> str:
        """The last lines that the server wrote."""
        try:
            lines = (self.home / LOG).read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-8:])


def prepare(home: Path, *, durable: bool, tell: Callable[[str], None]) -> Cluster:
    """Make whatever is missing: socket folder, password, data folder. The caller holds the server's lock.

    `tell` gets a sentence when something takes long or lands in an unexpected place.
    """
    place = home / "postgres"  # the data folder, or a link to it
    data = place.resolve()
    user = binaries.account(data)
    if place.is_symlink() and not data.exists():
        raise PostgresError(
            f"{place} is a link to {data}, which is not there. Restore that folder, or remove the link."
        )
    if data.exists() and user.is_other and not binaries.open_to_all(data):
        raise PostgresError(
            f"{data} cannot be reached by its owner (uid {user.uid}): a folder above it is closed to others."
        )
    programs = binaries.reachable(user)
    _make_socket_folder(socket_folder(home), user)
    version = binaries.major_version(programs, user)
    if data.exists():
        made_by = (data / "PG_VERSION").read_text().strip()
        if made_by != str(version):
            raise PostgresError(
                f"{data} was made by PostgreSQL {made_by}, and the programs are {version}. "
                "See “A database made anew” in docs/backup.md; until then, set POSTGRES_BIN to the old programs."
            )
        return Cluster(home, data, programs, user)
    tell("Making the desk's database (once).")
    return Cluster(home, _create(place, home, programs, user, version, durable, tell), programs, user)


def _make_socket_folder(folder: Path, user: Account) -> None:
    """A folder in /tmp that nobody else can have made, enter or remove."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PostgresError(
            f"{folder} belongs to somebody else (uid {found.st_uid}), so the database's socket would not be safe there. "
            "Remove it, or run the desk as that user."
        )
    if user.is_other:
        os.chown(folder, -1, user.gid)
    folder.chmod(0o770 if user.is_other else 0o700)


def _create(
    place: Path, home: Path, programs: Path, user: Account, version: int, durable: bool, tell: Callable[[str], None]
) -> Path:
    """Make the data folder under another name and move it into place at the end: half a database is never found."""
    draft = home / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    final = place
    if user.is_other and not binaries.open_to_all(draft):
        try:
            shelter = Path(tempfile.mkdtemp(prefix="parley-", dir=binaries.PUBLIC_FOLDER))
        except OSError as error:
            raise PostgresError(
                f"PostgreSQL does not run as root, and {home} is closed to other users; {binaries.PUBLIC_FOLDER} cannot be "
                f"used instead ({error}). Set DESK_HOME to a folder that others may pass through. {binaries.ADVICE}"
            ) from error
        shelter.chmod(0o755)
        draft, final = shelter / "data.new", shelter / "data"
        tell(f"PostgreSQL does not run as root, and {home} is closed to other users: the data is kept in {final}.")
    draft.mkdir(mode=0o700)
    if user.is_other:
        os.chown(draft, user.uid, user.gid)
    # A locale of PostgreSQL's own: none of the system's is needed, and no upgrade of the system changes the sort order.
    # LC_CTYPE alone is the system's: pg_trgm asks it what a letter is, and with C sees only a to z.
    builtin = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    letters = ["--lc-ctype=C.UTF-8"] if _system_knows("C.UTF-8") else []
    options = [*builtin, *letters] if version >= 17 else ["--locale=C.UTF-8"]
    sync = [] if durable else ["--no-sync"]
    _checked(
        user.run(
            programs / "initdb",
            "-D",
            draft,
            "-U",
            "postgres",
            "-A",
            "reject",
            "-E",
            "UTF8",
            "--no-instructions",
            *options,
            *sync,
        )
    )
    # The desk's role owns its database and is no superuser: who gets to run SQL gets neither files nor programs.
    # The superuser has no password, hence no way in. Extensions that the desk wants are "trusted" ones.
    (draft / "pg_hba.conf").write_text(f"local all {ROLE} scram-sha-256\n", encoding="ascii")
    statements = (
        f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{_password(home)}'\nCREATE DATABASE {DATABASE} OWNER {ROLE}\n"
    )
    made = _checked(user.run(programs / "postgres", "--single", "-D", draft, "postgres", stdin=statements))
    if "ERROR" in made.stderr or "FATAL" in made.stderr:  # A single-user session ends well whatever happened in it.
        raise PostgresError(f"The database could not be made: {made.stderr.strip()}")
    draft.rename(final)
    if final != place:
        place.symlink_to(final)
    return final


def _system_knows(name: str) -> bool:
    """Whether this machine has a locale of that name; some have no UTF-8 one that is the same everywhere."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_CTYPE, before)
    return True


def _password(home: Path) -> str:
    """The role's password, which is also written to the password file that every connection reads."""
    value = secrets.get_or_create(home, "postgres_password")
    draft = passfile(home).with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"*:*:*:{ROLE}:{value}\n")
    draft.replace(passfile(home))
    return value


def _checked(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    if done.returncode:
        raise PostgresError(f"The database could not be made: {(done.stderr or done.stdout).strip()}")
    return done


def _drop_stale_pid_files(data: Path, folder: Path) -> None:
    """Remove the pid files of a server that is gone.

    PostgreSQL refuses to start while the pid in them exists, and it may: as a zombie that nobody has reaped yet, or as
    a stranger that was given the same number after a reboot. The server's lock, which the caller holds, already tells
    that nothing of our own is alive; a live server that somebody started by hand is left alone.
    """
    for file in (data / "postmaster.pid", folder / ".s.PGSQL.5432.lock"):
        try:
            pid = int(file.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            continue
        if not _is_server(pid):
            file.unlink(missing_ok=True)


def _is_server(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state != "Z" and b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, IndexError):
        return False
