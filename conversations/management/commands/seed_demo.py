"""`manage.py seed_demo`"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connection, transaction

from accounts import actions, clock, tenancy
from accounts.management.base import DeskCommand, system
from accounts.models import ApiKey, Dispatch, KeyKind, Workspace
from accounts.permissions import Actor, client_scopes, scopes
from accounts.queries import is_set_up, person_by_email
from conversations.demo import cast, chat, forms, knowledge, mail, note
from conversations.demo.bulk import Plan, fill
from conversations.demo.bulk.progress import Progress
from conversations.demo.cast import Teammate
from conversations.demo.month import DAYS
from conversations.demo.play import Desk, play
from conversations.demo.studio import play_studio

DEMO, STUDIO = "demo", "demo-atelier"
SERVER_KEY, CLIENT_KEY = "Demo server key", "Demo client key"
BULK_OPTIONS: dict[str, Any] = {
    "conversations": None, "messages_per_conversation": 5, "agents": 20, "seed": 1, "slug": "bulk", "now": None,
}  # fmt: skip
"""The options of bulk data with what each is unless given."""
_LOCK = 0x64656D6F  # "demo": one seeding at a time


class Command(DeskCommand):
    """Fills the desk with a month of invented conversations, once, and tells how to get in."""

    help = """Fill the desk with a month of invented conversations, and print how to sign in.

It makes the workspaces "demo" (a maker of weather stations, with its team) and "demo-atelier" (a small studio), and two API
keys. Running it again creates nothing and prints the same block, which is kept in DESK_HOME/demo.txt (readable by its
owner only). No mail is sent. The passwords are public: do not leave a demo open to the internet.

Example: manage.py seed_demo"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reset-keys", action="store_true", help="revoke the demo's two keys and create new ones")
        parser.add_argument("--quiet", action="store_true", help="print nothing")
        parser.add_argument(
            "--only-if-empty", action="store_true", help="do nothing on a desk that has a workspace or people"
        )
        bulk = parser.add_argument_group("bulk data")
        bulk.add_argument("--conversations", type=int, metavar="N", help="how many conversations, in all workspaces")
        bulk.add_argument(
            "--messages-per-conversation",
            type=int,
            metavar="M",
            help="entries per conversation on average, with notes and status changes (default 5)",
        )
        bulk.add_argument("--agents", type=int, metavar="A", help="who answers (default 20)")
        bulk.add_argument("--seed", type=int, metavar="S", help="another seed gives other rows (default 1)")
        bulk.add_argument("--slug", help="the large workspace (default bulk); the small ones have a number behind it")
        bulk.add_argument("--now", metavar="MOMENT", help="count back from this moment, as in 2026-11-30T12:00:00Z")

    def run(self, **options: Any) -> None:
        given = {name: options[name] for name in BULK_OPTIONS if options[name] is not None}
        if "conversations" in given:
            self._fill(given, options)
        elif given:
            raise CommandError(f"--{min(given).replace('_', '-')} goes with --conversations")
        else:
            self._play(options)

    def _fill(self, given: dict[str, Any], options: dict[str, Any]) -> None:
        """Bulk data, in pieces that are committed one by one."""
        if options["reset_keys"]:
            raise CommandError("--reset-keys is for the demo: create_api_key makes a key of any workspace")
        if options["only_if_empty"] and (is_set_up() or Workspace.objects.exists()):
            return
        if "now" in given:
            given["now"] = _moment(given["now"])
        plan = Plan(**{**BULK_OPTIONS, "now": clock.now(), **given})
        progress = (lambda done, total: None) if options["quiet"] else Progress(self.stderr)
        opened = fill(plan, progress=progress)[0]
        text = note.filled(opened.workspace, opened.shown(), *_keys(opened.workspace))
        if not options["quiet"]:
            self.stdout.write(text)

    def _play(self, options: dict[str, Any]) -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            workspace = Workspace.objects.filter(slug=DEMO).first()
            is_new = workspace is None
            if is_new and options["only_if_empty"] and (is_set_up() or Workspace.objects.exists()):
                return
            if workspace is None:
                workspace = _seed()
            text = note.kept() if not (is_new or options["reset_keys"]) else None
            if text is None and (is_new or options["reset_keys"]):
                text = note.written(workspace, *_keys(workspace))
        # After the commit: a note of keys that do not exist would be worse than no note.
        if is_new or options["reset_keys"]:
            note.keep(text or "")
        if not options["quiet"]:
            self.stdout.write(text or note.without_keys(workspace))


def _moment(given: str) -> datetime:
    """A moment with its time zone. Raises CommandError."""
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandError("--now wants a moment with a time zone, such as 2026-11-30T12:00:00Z")
    return moment


def _seed() -> Workspace:
    """Both workspaces, their teams and all conversations, in the caller's transaction."""
    now = clock.now()
    rng = Random(2026)  # noqa: S311  # the same demo every time
    opened = now - timedelta(days=DAYS + 4)
    northwind = actions.create_workspace(
        slug=DEMO, name="Northwind Support", time_zone="Europe/Amsterdam", by=None, at=opened
    )
    desk = _desk(northwind, cast.TEAM, rng, opened)
    with tenancy.scope(northwind):
        # The knowledge base first: the assistant answers from it.
        knowledge.write(northwind, desk.actors, now)
        play(desk)
        mail.open_mailbox(northwind, desk.teams["Support"], by=system(northwind), at=now)
        forms.open_forms(northwind, desk.teams["Support"], by=system(northwind), at=now)
        jonas = desk.actors[cast.JONAS.email]
        chat.open_widget(northwind, desk.teams["Support"], jonas, by=system(northwind), at=now)
    made = [northwind]
    if not Workspace.objects.filter(slug=STUDIO).exists():
        studio = actions.create_workspace(
            slug=STUDIO, name="Atelier Duarte", time_zone="Europe/Lisbon", by=None, at=opened
        )
        # Mara is in both, so that there is a workspace to switch to.
        with tenancy.scope(studio):
            play_studio(_desk(studio, (cast.MARA._replace(teams=()), cast.INES), rng, opened))
        made.append(studio)
    # Reactions would run for a month of events at once and mail people about finished conversations.
    Dispatch.objects.filter(event__workspace__in=made).delete()
    mail.call_all_sent(made)
    return northwind


def _desk(workspace: Workspace, members: tuple[Teammate, ...], rng: Random, at: datetime) -> Desk:
    desk = Desk(workspace=workspace, users={}, actors={}, teams={}, rng=rng, now=clock.now())
    by = system(workspace)
    for person in members:
        user = person_by_email(person.email) or actions.create_person(
            email=person.email, name=person.name, password=cast.PASSWORD, by=Actor.installation(), at=at
        )
        membership = actions.add_member(workspace=workspace, user=user, role=person.role, by=by, at=at)
        desk.users[person.email], desk.actors[person.email] = user, Actor.member(membership)
    for name in cast.TEAMS if workspace.slug == DEMO else ():
        in_it = [desk.users[person.email] for person in members if name in person.teams]
        desk.teams[name] = actions.save_team(workspace=workspace, name=name, members=in_it, by=by, at=at)
    return desk


def _keys(workspace: Workspace) -> tuple[str, str]:
    """The secrets of the demo's two keys, made anew; earlier ones stop working."""
    by, at = system(workspace), clock.now()
    # The keys of one workspace, named in the filter.
    for key in ApiKey.all_workspaces.filter(workspace=workspace, name__in=(SERVER_KEY, CLIENT_KEY), revoked_at=None):
        actions.revoke_key(key=key, by=by, at=at)
    _, server = actions.create_key(
        workspace=workspace, name=SERVER_KEY, kind=KeyKind.SERVER, scopes=list(scopes()), by=by, at=at
    )
    _, client = actions.create_key(
        workspace=workspace,
        name=CLIENT_KEY,
        kind=KeyKind.CLIENT,
        scopes=client_scopes(),
        by=by,
        at=at,
    )
    return server, client
