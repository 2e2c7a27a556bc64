"""A Dovecot of the tests' own: any user with the password `secret`, mail by LMTP, IMAP with IDLE."""

from __future__ import annotations

import grp
import os
import pwd
import secrets
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mail_servers.certificates import Pair
from tests.runtime.machine import eventually, stop

PASSWORD = "secret"
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
{tls}
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%n
{mechanisms}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%n allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
service anvil {{
  chroot =
  # Else each login after a wrong one takes longer.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
protocol lmtp {{
  postmaster_address = postmaster@desk.test
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
}}
"""
OAUTH = """
auth_mechanisms = plain login xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running one. The name before the @ is the user, and there is no other list of them."""

    folder: Path
    process: int
    owner: tuple[int, int]
    imap_port: int
    imaps_port: int
    lmtp_port: int

    def imap_url(self, user: str, folder: str = "INBOX") -> str:
        """Where a user's mail is fetched."""
        return f"imap://{user.replace('@', '%40')}:{PASSWORD}@127.0.0.1:{self.imap_port}/{folder}"

    def deliver(self, user: str, *mails: bytes) -> None:
        """Put mails into the user's inbox, as a mail server would."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as line:
            for mail in mails:
                line.sendmail("customer@example.com", [f"{user.partition('@')[0]}@desk.test"], mail)

    def maildir(self, user: str) -> Path:
        """The folder of the user's mail."""
        return self.folder / "mail" / user.partition("@")[0]

    def kill_sessions(self) -> None:
        """Kill the processes that serve those who are logged in."""
        names = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        found = [int(entry.name) for entry in names if _stat(entry)[:2] == ["imap", str(self.process)]]
        assert found
        for number in found:
            os.kill(number, signal.SIGKILL)

    def forget_uids(self, user: str) -> None:
        """Have the server number the user's mails anew, as after a restore or a move: UIDVALIDITY changes."""
        uids = self.maildir(user) / "dovecot-uidlist"
        version, validity, _, guid = uids.read_text().splitlines()[0].split()
        for path in self.maildir(user).glob("dovecot*"):
            path.unlink()
        # By itself Dovecot goes by the seconds of the clock, which may be the same.
        uids.write_text(f"{version} V{int(validity[1:]) + 7777} N1 {guid}\n")
        shutil.chown(uids, *self.owner)


@contextmanager
def running(certificate: Pair | None = None, tokens_url: str = "") -> Iterator[Dovecot]:
    """A Dovecot, with TLS where there is a certificate, and with XOAUTH2 where there is a server that knows tokens.

    Skips the test where Dovecot is not installed, unless REQUIRE_MAIL is set.
    """
    program = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None or not Path("/usr/lib/dovecot/lmtp").exists():
        if os.environ.get("REQUIRE_MAIL"):
            pytest.fail("REQUIRE_MAIL is set, and dovecot-imapd or dovecot-lmtpd is not installed")
        pytest.skip("dovecot-imapd or dovecot-lmtpd is not installed")
    folder = Path(tempfile.mkdtemp(prefix="dc-", dir="/tmp"))  # its sockets have short names alone
    folder.chmod(0o755)
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    for name in ("run", "mail"):
        (folder / name).mkdir()
        shutil.chown(folder / name, account.pw_uid, account.pw_gid)
    (folder / "log").touch()
    shutil.chown(folder / "log", account.pw_uid, account.pw_gid)
    ports = (_port(), _port() if certificate else 0, _port())
    config = folder / "dovecot.conf"
    config.write_text(
        CONFIG.format(
            folder=folder,
            user=account.pw_name,
            group=grp.getgrgid(account.pw_gid).gr_name,
            tls=_tls(folder, certificate, account.pw_uid),
            mechanisms=OAUTH.format(folder=folder) if tokens_url else "",
            imap_port=ports[0],
            imaps_port=ports[1],
            lmtp_port=ports[2],
        )
    )
    (folder / "oauth2.conf").write_text(f"tokeninfo_url = {tokens_url}\nusername_attribute = email\n")
    as_user = ["setpriv", "--pdeathsig=TERM"]  # it ends with the tests, even if they are killed
    if os.geteuid() == 0:
        as_user += [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    process = subprocess.Popen(
        [*as_user, program, "-F", "-c", config], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        plain = (ports[0], ports[2])
        eventually(lambda: process.poll() is not None or all(map(_answers, plain)), "Dovecot")
        assert process.poll() is None, f"{process.communicate()[0]!r} {(folder / 'log').read_text()}"
        yield Dovecot(folder, process.pid, (account.pw_uid, account.pw_gid), *ports)
    finally:
        stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _port() -> int:
    """A free port below those that connections take by themselves, one of which may take it before Dovecot does."""
    while True:
        port = secrets.choice(range(12_000, 32_000))
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _tls(folder: Path, certificate: Pair | None, uid: int) -> str:
    if certificate is None:
        return "ssl = no"
    for name, source in (("chain.pem", certificate.chain), ("key.pem", certificate.key)):
        shutil.copy(source, folder / name)
        os.chown(folder / name, uid, -1)
    return f"ssl = yes\nssl_cert = <{folder}/chain.pem\nssl_key = <{folder}/key.pem"


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
            return bool(sock.recv(1))
    except OSError:
        return False


def _stat(entry: Path) -> list[str]:
    """The name of a process and its parent."""
    try:
        name, _, rest = (entry / "stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return []  # it has ended
    return [name, rest.split()[1]]
