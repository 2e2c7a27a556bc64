"""Mailboxes: added, changed, paused, deleted, and which one is the default."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from accounts import changes, journal, transaction
from accounts.changes import UNSET
from accounts.errors import Conflict, Invalid
from accounts.models import Team, User, Workspace
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import checking as shared
from conversations.channels.email import servers
from conversations.channels.email.actions import checking
from conversations.channels.email.servers import ImapAccess, SmtpAccess
from conversations.models import Inbound, Login, Mailbox, MailboxAddress, MailboxState
from conversations.queries import mailboxes

NAME_LIMIT = 200
MOST = 200


@transaction.atomic
def create_mailbox(
    *,
    workspace: Workspace,
    address: str,
    name: str = "",
    aliases: Iterable[str] = (),
    inbound: str = Inbound.IMAP,
    login: str = Login.PASSWORD,
    imap: ImapAccess | None = None,
    smtp: SmtpAccess | None = None,
    oauth: dict[str, Any] | None = None,
    team: Team | None = None,
    assignee: User | None = None,
    by: Actor,
    at: datetime,
) -> Mailbox:
    """Add a mailbox; the first one of a workspace is its default. Servers come with their logins, as `endpoints` parses them.

    One with a provider's webhook gets its secret here (`servers.ingress_url`). Raises Invalid with the field at fault, also for
    an address or an alias of another mailbox of the installation.
    """
    mailbox = Mailbox(workspace=workspace, created_at=at, updated_at=at)
    permit(by, "mailbox.manage", mailbox)
    if inbound not in Inbound.values or login not in Login.values:
        raise Invalid("this way of receiving mail is unknown", field="inbound")
    if (imap is not None) != (inbound == Inbound.IMAP):
        raise Invalid("an IMAP server is needed to fetch mail, and only then", field="imap")
    if mailboxes.present().count() >= MOST:
        raise Invalid(f"a workspace has at most {MOST} mailboxes", field="address")
    mailbox.address = checking.address(address)
    mailbox.name = shared.line(name, "name", NAME_LIMIT)
    mailbox.inbound, mailbox.login = inbound, login
    mailbox.imap, mailbox.smtp = checking.imap(imap), checking.smtp(smtp)
    mailbox.team = shared.team(mailbox.workspace_id, team)
    mailbox.assignee = shared.assignee(mailbox.workspace_id, assignee)
    secrets: dict[str, Any] = {
        servers.IMAP_PASSWORD: imap[1].password if imap else "",
        servers.SMTP_PASSWORD: smtp[1].password if smtp and smtp[1] else "",
        servers.OAUTH: oauth,
    }
    if inbound == Inbound.INGRESS:
        secrets[servers.INGRESS] = servers.new_ingress_secret()
        mailbox.ingress_hash = servers.ingress_hash(secrets[servers.INGRESS])
    mailbox.secrets = {name: value for name, value in secrets.items() if value}
    _save_new(mailbox)
    checking.add_addresses(mailbox, [mailbox.address], "address")
    checking.add_addresses(mailbox, checking.aliases(aliases, mailbox.address), "aliases")
    journal.record(events.MAILBOX_CREATED, mailbox, by=by, at=at, inbound=mailbox.inbound)
    return mailbox


@transaction.atomic
def update_mailbox(
    *,
    mailbox: Mailbox,
    name: str | None = None,
    aliases: Iterable[str] | None = None,
    team: Team | None = UNSET,
    assignee: User | None = UNSET,
    signature: str | None = None,
    undo_seconds: int | None = None,
    acknowledges: bool | None = None,
    acknowledgement: str | None = None,
    plus_addressing: bool | None = None,
    trusted_host: str | None = None,
    by: Actor,
    at: datetime,
) -> Mailbox:
    """Change a mailbox; what is not given stays. Servers and passwords are changed by `set_login`. Raises Invalid."""
    permit(by, "mailbox.manage", mailbox)
    mailbox = checking.held(mailbox)
    given: dict[str, Any] = {
        "name": name if name is None else shared.line(name, "name", NAME_LIMIT),
        "signature": signature if signature is None else shared.text(signature, "signature"),
        "undo_seconds": undo_seconds if undo_seconds is None else checking.undo_seconds(undo_seconds),
        "acknowledges": acknowledges,
        "acknowledgement": acknowledgement if acknowledgement is None else shared.text(acknowledgement, "acknowledgement"),
        "plus_addressing": plus_addressing,
        "trusted_host": trusted_host if trusted_host is None else checking.host(trusted_host, "trusted_host"),
    }  # fmt: skip
    changed = changes.change(mailbox, given)
    people = {
        "team": UNSET if team is UNSET else shared.team(mailbox.workspace_id, team),
        "assignee": UNSET if assignee is UNSET else shared.assignee(mailbox.workspace_id, assignee),
    }
    changed += changes.change(mailbox, people, unset=UNSET)
    fields = list(changed)
    if aliases is not None and _set_aliases(mailbox, checking.aliases(aliases, mailbox.address)):
        fields.append("aliases")
    if not fields:
        return mailbox
    mailbox.updated_at = at
    mailbox.save(update_fields=[*changed, "updated_at"])
    journal.record(events.MAILBOX_UPDATED, mailbox, by=by, at=at, fields=fields)
    return mailbox


@transaction.atomic
def pause_mailbox(*, mailbox: Mailbox, by: Actor, at: datetime) -> Mailbox:
    """Stop receiving; replies are still sent. What comes in meanwhile is fetched afterwards."""
    permit(by, "mailbox.manage", mailbox)
    mailbox = checking.held(mailbox)
    if mailbox.state == MailboxState.PAUSED:
        return mailbox
    mailbox.state, mailbox.updated_at = MailboxState.PAUSED, at
    mailbox.save(update_fields=["state", "updated_at"])
    journal.record(events.MAILBOX_PAUSED, mailbox, by=by, at=at)
    return mailbox


@transaction.atomic
def resume_mailbox(*, mailbox: Mailbox, by: Actor, at: datetime) -> Mailbox:
    """Receive again, also after a login that was refused. One that is in use stays as it is."""
    permit(by, "mailbox.manage", mailbox)
    mailbox = checking.held(mailbox)
    if mailbox.state == MailboxState.ACTIVE:
        return mailbox
    mailbox.state, mailbox.failing_since, mailbox.failure, mailbox.updated_at = MailboxState.ACTIVE, None, "", at
    mailbox.save(update_fields=["state", "failing_since", "failure", "updated_at"])
    journal.record(events.MAILBOX_RESUMED, mailbox, by=by, at=at)
    return mailbox


@transaction.atomic
def delete_mailbox(*, mailbox: Mailbox, by: Actor, at: datetime) -> None:
    """Delete a mailbox with its secrets, and free its addresses; its conversations and mails stay.

    The default passes on to the oldest of the others.
    """
    permit(by, "mailbox.manage", mailbox)
    others = _all_held(mailbox)
    mailbox = checking.held(mailbox)
    was_default = mailbox.is_default
    mailbox.state, mailbox.updated_at, mailbox.is_default = MailboxState.DELETED, at, False
    mailbox.sealed, mailbox.ingress_hash = "", None
    mailbox.backfill_days = mailbox.backfill_total = None
    mailbox.failing_since, mailbox.failure = None, ""
    mailbox.save()
    MailboxAddress.objects.filter(mailbox=mailbox).delete()
    journal.record(events.MAILBOX_DELETED, mailbox, by=by, at=at)
    if was_default and others:
        heir = min(others, key=lambda one: (one.created_at, one.pk))
        heir.is_default = True
        heir.save(update_fields=["is_default"])


@transaction.atomic
def make_default(*, mailbox: Mailbox, by: Actor, at: datetime) -> Mailbox:
    """Make a mailbox the one from which mail goes out where no other is named."""
    permit(by, "mailbox.manage", mailbox)
    _all_held(mailbox)
    mailbox = checking.held(mailbox)
    if mailbox.is_default:
        return mailbox
    Mailbox.objects.filter(is_default=True).update(is_default=False)
    mailbox.is_default, mailbox.updated_at = True, at
    mailbox.save(update_fields=["is_default", "updated_at"])
    journal.record(events.MAILBOX_MADE_DEFAULT, mailbox, by=by, at=at)
    return mailbox


@transaction.atomic
def release_mailboxes(*, workspace: Workspace, user: User, by: Actor, at: datetime) -> int:
    """Assign the new conversations of mailboxes no longer to a member who leaves. Returns how many mailboxes."""
    permit(by, "conversation.assign")
    rows = list(Mailbox.objects.select_for_update(no_key=True, of=("self",)).filter(assignee=user).order_by("pk"))
    for mailbox in rows:
        mailbox.assignee_id = None
        mailbox.save(update_fields=["assignee"])
        journal.record(events.MAILBOX_UPDATED, mailbox, by=by, at=at, fields=["assignee"])
    return len(rows)


def _all_held(mailbox: Mailbox) -> list[Mailbox]:
    """The other mailboxes of the workspace; all are locked, in one order."""
    rows = mailboxes.present().select_for_update(no_key=True, of=("self",)).order_by("pk")
    return [row for row in rows if row.pk != mailbox.pk]


def _save_new(mailbox: Mailbox) -> None:
    mailbox.is_default = not Mailbox.objects.filter(is_default=True).exists()
    save = partial(mailbox.save, force_insert=True)
    try:
        transaction.unless_taken("one_default_mailbox_per_workspace", Conflict("there is a default"), save)
    except Conflict:  # another one has become the default at the same time
        mailbox.is_default = False
        save()


def _set_aliases(mailbox: Mailbox, wanted: list[str]) -> bool:
    rows = MailboxAddress.objects.filter(mailbox=mailbox).exclude(address=mailbox.address)
    now = set(rows.values_list("address", flat=True))
    if now == set(wanted):
        return False
    rows.exclude(address__in=wanted).delete()
    checking.add_addresses(mailbox, [one for one in wanted if one not in now], "aliases")
    return True
