"""The forms of mailboxes. A password field never holds a stored password: left empty, it keeps that one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts import queries
from accounts.errors import DomainError
from accounts.models import Team, User
from conversations.channels.email.servers import ImapAccess, SmtpAccess
from conversations.channels.email.wire.endpoints import Credentials, ImapServer, Security, SmtpServer
from conversations.channels.email.wire.providers import KnownServers, known_servers
from conversations.models import Inbound, Mailbox
from conversations.screens.sentences import sentence

SECURITY = (("tls", "TLS"), ("starttls", "STARTTLS"), ("plain", lazy("If offered")))
OWN, DESK = "own", "desk"
_FIELDS = {"imap.user": "user", "imap_password": "password", "imap": "imap_host", "smtp": "smtp_host"}
"""What verbs call a field, and what it is called here."""
_EXAMPLES = {"google": "name@gmail.com", "microsoft": "name@onmicrosoft.com"}
"""An address at each provider; people with domains of their own use the same servers."""


def add_error(form: forms.Form, error: DomainError) -> None:
    """Show what a verb refused beside its field."""
    name = (error.field or "").replace(".", "_")
    name = _FIELDS.get(error.field or "", name)
    label = str(form.fields[name].label or "") if name in form.fields else ""
    form.add_error(name if name in form.fields else None, sentence(error, name=label))


class ServersForm(forms.Form):
    """Where mail is fetched and by what it is sent, with the logins."""

    imap_host = forms.CharField(max_length=253, required=False, label=lazy("Server"))
    imap_port = forms.IntegerField(min_value=1, max_value=65535, required=False, label=lazy("Port"))
    imap_security = forms.ChoiceField(choices=SECURITY, required=False, label=lazy("Encryption"))
    imap_folder = forms.CharField(max_length=200, required=False, label=lazy("Folder"))
    user = forms.CharField(max_length=254, required=False, label=lazy("User"))
    password = forms.CharField(max_length=1000, required=False, strip=False, label=lazy("Password"))
    sending = forms.ChoiceField(choices=((OWN, OWN), (DESK, DESK)), required=False)
    smtp_host = forms.CharField(max_length=253, required=False, label=lazy("Server"))
    smtp_port = forms.IntegerField(min_value=1, max_value=65535, required=False, label=lazy("Port"))
    smtp_security = forms.ChoiceField(choices=SECURITY, required=False, label=lazy("Encryption"))
    smtp_user = forms.CharField(max_length=254, required=False, label=lazy("User for sending"))
    smtp_password = forms.CharField(max_length=1000, required=False, strip=False, label=lazy("Password for sending"))

    def __init__(self, *args: Any, address: str = "", inbound: str = Inbound.IMAP, **more: Any) -> None:
        super().__init__(*args, **more)
        self.own_address, self.own_inbound = address, inbound
        self.is_signed_in = False
        """Whether a provider has given tokens, which take the place of passwords."""

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self._inbound(given) == Inbound.IMAP and not given.get("imap_host"):
            self.add_error("imap_host", _("Enter the name of the IMAP server."))
        if given.get("sending") == OWN and not given.get("smtp_host"):
            self.add_error("smtp_host", _("Enter the name of the SMTP server."))
        return given

    def _inbound(self, given: dict[str, Any]) -> str:
        return self.own_inbound

    def imap_access(self) -> ImapAccess | None:
        """Where to fetch; None for a mailbox whose mail is brought. The form is valid."""
        given = self.cleaned_data
        if self._inbound(given) != Inbound.IMAP:
            return None
        server = ImapServer(
            _host(given["imap_host"]),
            given["imap_port"] or 993,
            given["imap_security"] or "tls",
            given["imap_folder"].strip() or "INBOX",
        )
        return server, Credentials(self._user(), "" if self.is_signed_in else given["password"])

    def smtp_access(self) -> SmtpAccess | None:
        """By what to send; None for the mail server of the installation. The form is valid."""
        given = self.cleaned_data
        if given["sending"] != OWN:
            return None
        security: Security = given["smtp_security"] or "tls"
        server = SmtpServer(
            _host(given["smtp_host"]), given["smtp_port"] or (465 if security == "tls" else 587), security
        )
        if self.is_signed_in:
            return server, Credentials(self._user())
        is_same = self._inbound(given) == Inbound.IMAP and not given["smtp_user"].strip()
        user = self._user() if is_same else given["smtp_user"].strip()
        password = given["smtp_password"] or (given["password"] if is_same else "")
        return server, Credentials(user, password) if user else None

    def _user(self) -> str:
        return self.cleaned_data["user"].strip() or str(self.cleaned_data.get("address") or self.own_address)

    def kept(self) -> dict[str, Any]:
        """What was typed, for a page that comes later."""
        return {name: self.cleaned_data.get(name) for name in self.fields if name in self.data}


class AddForm(ServersForm):
    """A new mailbox."""

    address = forms.EmailField(max_length=254, label=lazy("Address"))
    name = forms.CharField(max_length=200, required=False, label=lazy("Name that customers see"))
    inbound = forms.ChoiceField(choices=Inbound.choices, label=lazy("How mail comes in"))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)

    def _inbound(self, given: dict[str, Any]) -> str:
        return str(given.get("inbound") or Inbound.IMAP)


class MailboxForm(forms.Form):
    """What can be changed of a mailbox beside its servers."""

    name = forms.CharField(max_length=200, required=False, label=lazy("Name that customers see"))
    aliases = forms.CharField(max_length=20_000, required=False, label=lazy("Aliases"))
    team = forms.ModelChoiceField(
        queryset=Team.all_workspaces.none(), required=False, empty_label=lazy("No team"), label=lazy("Team")
    )  # filled below
    assignee = forms.ModelChoiceField(
        queryset=User.objects.none(), required=False, empty_label=lazy("Unassigned"), label=lazy("Assigned to")
    )
    signature = forms.CharField(max_length=10_000, required=False, label=lazy("Signature"))
    undo_seconds = forms.IntegerField(min_value=0, max_value=120, label=lazy("Time to undo a reply"))
    acknowledges = forms.BooleanField(required=False, label=lazy("Send an automatic reply to new conversations"))
    acknowledgement = forms.CharField(max_length=10_000, required=False, label=lazy("Text of the automatic reply"))
    plus_addressing = forms.BooleanField(required=False, label=lazy("Plus addressing"))
    trusted_host = forms.CharField(max_length=253, required=False, label=lazy("Trusted server"))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["team"].queryset = queries.teams()  # type: ignore[attr-defined]
        self.fields["assignee"].queryset = queries.assignable()  # type: ignore[attr-defined]

    @property
    def values(self) -> dict[str, Any]:
        """For `update_mailbox`. The form is valid."""
        return {**self.cleaned_data, "aliases": self.cleaned_data["aliases"].replace(",", "\n").split()}


def guessed(address: str) -> tuple[dict[str, Any], KnownServers | None]:
    """The servers that an address probably has, for a form that begins; and its provider, where that is well known."""
    known = known_servers(address)
    domain = address.rpartition("@")[2].strip().lower()
    imap = known.imap if known else ImapServer(f"imap.{domain}")
    smtp = known.smtp if known else SmtpServer(f"smtp.{domain}")
    return {**_of_imap(imap), **_of_smtp(smtp), "user": address, "sending": OWN}, known


def of_provider(name: str, address: str) -> dict[str, Any]:
    """The servers at which people of a provider sign in; nothing for an unknown one."""
    known = known_servers(address)
    if known is None or known.oauth != name:
        known = known_servers(_EXAMPLES.get(name, ""))
    return {**_of_imap(known.imap), **_of_smtp(known.smtp), "user": address, "sending": OWN} if known else {}


def filled(mailbox: Mailbox) -> dict[str, Any]:
    """The servers of a mailbox, for a form that begins; no password is in it."""
    values: dict[str, Any] = {"sending": OWN if mailbox.smtp else DESK, "user": mailbox.address}
    if mailbox.imap:
        stored = mailbox.imap
        server = ImapServer(stored["host"], stored["port"], stored["security"], stored.get("folder") or "INBOX")
        values |= {**_of_imap(server), "user": stored["user"]}
    if mailbox.smtp:
        stored = mailbox.smtp
        values |= _of_smtp(SmtpServer(stored["host"], stored["port"], stored["security"]))
        user = stored.get("user") or ""
        values["smtp_user"] = "" if mailbox.imap and user == values["user"] else user
    return values


def of_mailbox(mailbox: Mailbox, aliases: list[str]) -> dict[str, Any]:
    """A mailbox as its form shows it."""
    names = ("name", "signature", "undo_seconds", "acknowledges", "acknowledgement", "plus_addressing", "trusted_host")
    values = {name: getattr(mailbox, name) for name in names}
    return {**values, "aliases": "\n".join(aliases), "team": mailbox.team_id, "assignee": mailbox.assignee_id}


def whole_error(form: forms.Form) -> str:
    """What is wrong with the form as a whole."""
    return " ".join(str(error) for error in form.errors.get(NON_FIELD_ERRORS, []))


def _host(text: str) -> str:
    """The name of a server in lower case, and in ASCII where it has other letters."""
    name = text.strip().lower().rstrip(".")
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


def _of_imap(server: ImapServer) -> dict[str, Any]:
    return {
        "imap_host": server.host,
        "imap_port": server.port,
        "imap_security": server.security,
        "imap_folder": server.folder,
    }


def _of_smtp(server: SmtpServer) -> dict[str, Any]:
    return {"smtp_host": server.host, "smtp_port": server.port, "smtp_security": server.security}
