"""Bulk data: the rows that a seed gives, each of which is as the verbs would have stored it."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.db.models import Count

from accounts import actions as account_actions
from accounts import tenancy
from accounts.credentials import authentication
from accounts.errors import Conflict
from accounts.models import Dispatch, Event, Membership, User, Workspace
from accounts.permissions import Actor, Role
from conversations import actions
from conversations.actions.entries import Door
from conversations.actions.senders import Sender
from conversations.demo import cast
from conversations.demo.bulk import Plan, contact_rows, conversation_rows, fill, journal, plan, storing, texts
from conversations.models import (
    Channel,
    Contact,
    Conversation,
    DeliveryStatus,
    EntryPoint,
    Message,
    MessageKind,
    SearchDocument,
    SearchWord,
    SenderKind,
    Tally,
)
from conversations.models.searched import TokensField, TokensQuery, holding
from tickets import actions as ticket_actions
from tickets.models import Tag, Ticket, TicketNumbers

NOW = datetime(2026, 11, 30, 12, 0, 0, 500_000, tzinfo=UTC)


def plan_of(conversations: int, messages: int = 5, agents: int = 3, **values: Any) -> Plan:
    return Plan(conversations, messages, agents, **{"seed": 7, "now": NOW, **values})


@pytest.fixture
def bulk(db: None) -> Workspace:
    """A workspace that was filled, with what the small ones beside it hold."""
    return fill(plan_of(200, 4))[0].workspace


@pytest.fixture
def twin(bulk: Workspace) -> Workspace:
    """The same customers and threads, written through the verbs in the order in which it all happened."""
    workspace = account_actions.create_workspace(slug="twin", name="Twin", at=NOW)
    Replay(bulk, workspace).run()
    return workspace


class Replay:
    """Does again, by the verbs, what the rows and the journal of a workspace tell."""

    def __init__(self, known: Workspace, into: Workspace) -> None:
        self.known, self.into, self.by = known, into, Actor.system(into.pk)
        self.contacts: dict[int, Contact] = {}
        self.conversations: dict[int, Conversation] = {}
        self.tickets: dict[int, Ticket] = {}
        self.doors = {
            row.conversation_id: Door(Channel(row.channel), row.adapter)
            for row in EntryPoint.all_workspaces.filter(workspace=known)
        }
        self.members = {}
        for place in Membership.all_workspaces.filter(workspace=known).select_related("user"):
            made = account_actions.add_member(
                workspace=into, user=place.user, role=Role(place.role), by=self.by, at=place.created_at
            )
            self.members[place.user_id] = Actor.member(made)

    def run(self) -> None:
        with tenancy.scope(self.into):
            for contact in Contact.all_workspaces.filter(workspace=self.known).order_by("pk"):
                self.identify(contact)
            messages = Message.all_workspaces.filter(workspace=self.known).select_related("conversation")
            lines = Event.objects.filter(workspace=self.known, subject_type__in=("conversation", "ticket"))
            steps = [(row.created_at, 0, row.pk, row) for row in messages]
            steps += [(line.at, 1, line.pk, line) for line in lines]
            for *_, step in sorted(steps, key=lambda step: step[:3]):
                self.write(step) if isinstance(step, Message) else self.change(step)

    def identify(self, row: Contact) -> None:
        self.contacts[row.pk] = actions.identify(
            workspace=self.into,
            external_id=row.external_id,
            email=row.email,
            name=row.name,
            first_name=row.first_name,
            last_name=row.last_name,
            company=row.company,
            is_trusted=row.is_verified,
            by=self.by,
            at=row.created_at,
        )

    def write(self, row: Message) -> None:
        at, body = row.created_at, row.body or ""
        by = self.members[row.sender_user_id] if row.sender_user_id else self.by
        if row.conversation_id not in self.conversations:
            known = row.conversation
            self.conversations[known.pk] = actions.start(
                workspace=self.into,
                contact=self.contacts[known.contact_id],
                subject=known.subject,
                body=body,
                door=self.doors[known.pk],
                priority=known.priority,
                external_id=known.external_id,
                tags=known.tags,
                sender=Sender.actor(by) if row.sender_user_id else None,
                by=by,
                at=at,
            )
            return
        conversation = self.conversations[row.conversation_id]
        if row.kind == MessageKind.STATUS_CHANGE:
            assert row.metadata
            actions.set_status(conversation=conversation, status=row.metadata["status"], by=by, at=at)
        elif row.kind == MessageKind.NOTE:
            actions.note(conversation=conversation, body=body, by=by, at=at)
        elif row.sender_kind == SenderKind.CUSTOMER:
            door = self.doors[row.conversation_id]
            actions.receive(conversation=conversation, body=body, door=door, by=by, at=at)
        else:
            actions.reply(conversation=conversation, body=body, by=by, at=at)

    def change(self, line: Event) -> None:
        act: dict[str, Any] = {"by": self.members[line.actor_id] if line.actor_id else self.by, "at": line.at}
        data = line.data
        if line.type == "conversation.assigned":
            to = User.objects.filter(pk=data["assignee_id"]).first()
            team = self.team(data["team_id"], line.at)
            actions.assign(conversation=self.conversations[line.subject_id], to=to, team=team, **act)
        elif line.type == "conversation.snoozed":
            until = datetime.fromisoformat(data["until"])
            actions.snooze(conversation=self.conversations[line.subject_id], until=until, **act)
        elif line.type == "conversation.linked":
            conversation = Conversation.objects.get(pk=self.conversations[line.subject_id].pk)
            if (ticket := self.tickets.get(data["ticket_id"])) is not None:
                actions.link(conversation=conversation, ticket=ticket, **act)
            else:
                self.tickets[data["ticket_id"]] = actions.escalate(conversation=conversation, **act)
        elif line.type == "ticket.status_changed" and data["status"] != "on_hold":
            ticket_actions.set_status(ticket=self.tickets[line.subject_id], status=data["status"], **act)
        elif line.type == "ticket.snoozed":
            until = datetime.fromisoformat(data["until"])
            ticket_actions.snooze(ticket=self.tickets[line.subject_id], until=until, **act)

    def team(self, pk: int | None, at: datetime) -> Any:
        if pk is None:
            return None
        known = account_actions.teams.Team.all_workspaces.get(pk=pk)
        made = account_actions.teams.Team.all_workspaces.filter(workspace=self.into, name=known.name).first()
        return made or account_actions.save_team(workspace=self.into, name=known.name, by=self.by, at=at)


# --- As the verbs would have stored it ----------------------------------------------------------


class Normal:
    """The rows of a workspace with each id replaced by what it stands for."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.names: dict[str, dict[int, Any]] = {
            "contact": self.ranked(Contact),
            "conversation": dict(self.of(Conversation).values_list("pk", "number")),
            "ticket": dict(self.of(Ticket).values_list("pk", "number")),
            "entrypoint": dict(self.of(EntryPoint).values_list("pk", "conversation__number")),
            "team": dict(
                account_actions.teams.Team.all_workspaces.filter(workspace=workspace).values_list("pk", "name")
            ),
            "message": {},
        }
        place: Counter[int] = Counter()
        for pk, number in self.of(Message).order_by("pk").values_list("pk", "conversation__number"):
            self.names["message"][pk] = (number, place[number])
            place[number] += 1

    def of(self, model: type[Any]) -> models.QuerySet[Any]:
        return model.all_workspaces.filter(workspace=self.workspace)  # type: ignore[no-any-return]

    def ranked(self, model: type[Any]) -> dict[int, int]:
        return {pk: rank for rank, pk in enumerate(self.of(model).order_by("pk").values_list("pk", flat=True))}

    def rows(self, model: type[Any], *, key: str) -> dict[Any, dict[str, Any]]:
        """The model's rows by what they stand for, with what search reads of them."""
        fields = [f for f in model._meta.concrete_fields if f.name not in {"id", "public_id", "workspace", "tokens"}]
        tokens = self.tokens(model) if any(f.name == "tokens" for f in model._meta.concrete_fields) else {}
        return {
            self.names[key][row.pk]: {
                **{field.name: self.value(row, field) for field in fields},
                "tokens": tokens.get(row.pk),
            }
            for row in self.of(model)
        }

    def value(self, row: Any, field: models.Field[Any, Any]) -> Any:
        value = getattr(row, field.attname)
        if field.name == "sender_reference" and value and not value.startswith("cus_"):
            return "public id of the contact" if str(row.sender_contact.public_id) == value else value
        if not isinstance(field, models.ForeignKey) or value is None:
            return value
        name = field.related_model._meta.model_name  # type: ignore[union-attr]
        return self.names[name][value] if name in self.names else value

    def tokens(self, model: type[Any]) -> dict[int, str]:
        with connection.cursor() as cursor:
            table = model._meta.db_table
            cursor.execute(f"SELECT id, tokens::text FROM {table} WHERE workspace_id = %s", [self.workspace.pk])
            return dict(cursor.fetchall())

    def journal(self) -> dict[Any, list[Any]]:
        """The lines of each conversation and ticket, in order."""
        lines = defaultdict(list)
        found = Event.objects.filter(workspace=self.workspace, subject_type__in=("contact", "conversation", "ticket"))
        for line in found.order_by("at", "type"):
            subject = self.names[line.subject_type][line.subject_id]
            data = dict(line.data)
            for name in data.keys() & {"message_id", "ticket_id", "team_id"} - {n for n in data if data[n] is None}:
                data[name] = self.names[name.removesuffix("_id")][data[name]]
            if "linked_id" in data:
                data["linked_id"] = self.names["conversation"][data["linked_id"]]
            lines[line.subject_type, subject].append(
                (line.type, line.actor_kind, line.actor_id, data, line.at, line.depth)
            )
        return dict(lines)


def test_rows_counts_and_journal_are_those_that_the_verbs_store(bulk: Workspace, twin: Workspace) -> None:
    # What came by mail is on its way as the verbs leave it; in a desk that has grown it arrived long ago.
    Message.all_workspaces.filter(workspace=twin).update(delivery_status=DeliveryStatus.DELIVERED)
    filled, written = Normal(bulk), Normal(twin)
    for model, key in (
        (Contact, "contact"), (Conversation, "conversation"), (EntryPoint, "entrypoint"), (Message, "message"), (Ticket, "ticket"),
    ):  # fmt: skip
        ours, theirs = filled.rows(model, key=key), written.rows(model, key=key)
        assert len(ours) > 3
        assert ours == theirs, model.__name__
    assert counts(bulk) == counts(twin)
    assert min(map(sum, counts(bulk))) > 3
    assert_same_journal(filled.journal(), written.journal())


def counts(workspace: Workspace) -> list[list[int]]:
    """The last numbers, and the counts by status."""
    rows = [model.all_workspaces.filter(workspace=workspace).values().get() for model in (Tally, TicketNumbers)]
    return [[value for name, value in row.items() if name not in {"id", "workspace_id"}] for row in rows]


def assert_same_journal(filled: dict[Any, list[Any]], written: dict[Any, list[Any]]) -> None:
    """But for the lines of single messages, which are left out."""
    left_out = {"message.received", "reply.sent", "note.added"}
    kinds = {line[0] for lines in written.values() for line in lines}
    assert kinds - left_out == {line[0] for lines in filled.values() for line in lines}
    assert kinds >= {"conversation.status_changed", "conversation.snoozed", "conversation.assigned", "ticket.recounted"}
    assert filled == {
        subject: kept
        for subject, lines in written.items()
        if (kept := [one for one in lines if one[0] not in left_out])
    }


def test_search_finds_what_it_would_find_of_the_same_rows_written_by_the_verbs(bulk: Workspace) -> None:
    def documents() -> list[Any]:
        rows = SearchDocument.all_workspaces.filter(workspace=bulk).order_by("conversation", "id")
        return list(rows.values_list("conversation", "is_open", "tokens"))

    def words() -> set[str]:
        return set(SearchWord.all_workspaces.filter(workspace=bulk).values_list("word", flat=True))

    made, known = documents(), words()
    assert len({row for row, *_ in made}) == Conversation.all_workspaces.filter(workspace=bulk).count()
    assert known
    SearchWord.all_workspaces.filter(workspace=bulk).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT search_write(workspace_id, id) FROM conversations_conversation WHERE workspace_id = %s", [bulk.pk]
        )
    assert documents() == made
    assert words() == known


def test_what_is_written_after_the_bulk_is_searched_too(bulk: Workspace) -> None:
    with tenancy.scope(bulk):
        row = Conversation.objects.order_by("pk").first()
        assert row is not None
        actions.reply(conversation=row, body="Zyzzyva", by=Actor.system(bulk.pk), at=NOW)
        assert SearchDocument.objects.filter(conversation=row, tokens=TokensQuery("zyzzyva")).exists()


def test_no_reaction_runs_for_what_never_happened(bulk: Workspace) -> None:
    assert not Dispatch.objects.exists()


def test_tags_are_in_the_catalogue(bulk: Workspace) -> None:
    used = {tag for tags in Conversation.all_workspaces.values_list("tags", flat=True) for tag in tags}
    assert len(used) > 10
    assert used <= set(Tag.all_workspaces.filter(workspace=bulk).values_list("name", flat=True))


@pytest.mark.parametrize("language", range(len(texts.LANGUAGES)))
def test_text_with_facts_below_has_the_tokens_of_the_whole(language: int) -> None:
    pool = texts.pools(3, 60)[language]
    quoted = ("ORD-2026-0042", "+49 30 1234567", "INV-2026-000017; jürgen.groß@post.example", "7")
    for paragraph in pool.paragraphs[:20]:
        for fact in quoted:
            whole = paragraph.followed_by(texts.Facts.of(fact), "\n")
            assert as_vector(whole.tokens) == as_vector(TokensField.made_from((whole.plain,)))
    for subject in pool.subjects:
        whole = subject.followed_by(texts.Facts.of("ORD-2026-0042"), ": ")
        assert as_vector(whole.tokens) == as_vector(TokensField.made_from((whole.plain,)))


def as_vector(tokens: str) -> dict[str, list[str]]:
    """What PostgreSQL makes of it: the places of each token."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in tokens.split(" "):
        token, _, places = one.partition("':")
        found[token.strip("'")] += places.split(",") if places else []
    return {token: sorted(places, key=int) for token, places in found.items()}


def test_every_column_is_filled_or_meant_to_be_empty() -> None:
    """A column that a later version adds has to be thought of here."""
    empty = {
        Contact: {"attributes", "aliases", "organization_id", "merged_into_id", "blocked_at", "erased_at"},
        Conversation: {
            "assignee_reference",
            "assignee_label",
            "first_response_due_at",
            "next_response_due_at",
            "mailbox_id",
            "cc",
            "follows_id",
            "customer_seen_at",
            "joined_into_id",
            "attributes",
            "trashed_at",
            "trashed_by_id",
        },
        EntryPoint: {"external_channel_id", "metadata"},
        Message: set(),
        Ticket: {"attributes", "escalation_reason", "session_id", "sla_due_at", "team_read_at"},
        Event: {"caused_by_id"},
    }
    columns: dict[type[models.Model], tuple[str, ...]] = {
        Contact: contact_rows.CONTACT,
        Conversation: conversation_rows.CONVERSATION,
        EntryPoint: conversation_rows.ENTRY_POINT,
        Message: conversation_rows.MESSAGE,
        Ticket: conversation_rows.TICKET,
        Event: journal.COLUMNS,
    }
    assert columns.keys() == {*storing.FILLED}
    for model, filled in columns.items():
        assert {f.column for f in model._meta.concrete_fields} - {*filled} == empty[model], model.__name__


# --- The same rows each time --------------------------------------------------------------------


def fingerprint() -> dict[str, str]:
    """What is in the tables, every column of every row."""
    prints = {}
    with connection.cursor() as cursor:
        for model in storing.FILLED:
            table = model._meta.db_table
            where = "WHERE subject_type IN ('contact', 'conversation', 'ticket')" if model is Event else ""
            cursor.execute(f"SELECT count(*), md5(string_agg(row::text, '|' ORDER BY id)) FROM {table} AS row {where}")
            count, prints[table] = cursor.fetchone()
            assert count
    return prints


def sequences() -> dict[str, int]:
    """The last id that each table has given; one that has given none is at 1, from where it goes on with 2."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename, coalesce(last_value, 1) FROM pg_sequences WHERE schemaname = 'public'")
        return dict(cursor.fetchall())


@contextmanager
def undone() -> Iterator[None]:
    """What is done inside is rolled back, and the next ids are those of before."""
    before = sequences()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        for name, value in before.items():
            cursor.execute("SELECT setval(%s, %s)", [name, value])


def of_a_fill(wanted: Plan) -> dict[str, str]:
    with undone():
        fill(wanted)
        return fingerprint()


def test_same_options_give_the_same_rows(db: None) -> None:
    with undone():
        pass
    first = of_a_fill(plan_of(120))
    texts.pools.cache_clear()
    assert of_a_fill(plan_of(120)) == first
    other = of_a_fill(plan_of(120, seed=8))
    assert not set(first.values()) & set(other.values())


@pytest.mark.django_db(transaction=True)
def test_several_processes_give_the_rows_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "_SLICE", 400)
    with undone():
        pass
    alone = of_a_fill(plan_of(240))
    fill(plan_of(240), processes=2)
    assert fingerprint() == alone
    assert not Dispatch.objects.exists()
    numbers = Conversation.all_workspaces.filter(workspace__slug="bulk").order_by("number")
    assert [*numbers.values_list("number", flat=True)] == [*range(1, 204)]
    assert Tally.all_workspaces.get(workspace__slug="bulk").last_number == 203


# --- What it looks like -------------------------------------------------------------------------


def test_desk_looks_as_if_it_had_grown(db: None) -> None:
    made = fill(plan_of(2500, 4, 12))
    assert [one.workspace.slug for one in made] == ["bulk", "bulk-2", "bulk-3", "bulk-4"]
    sizes = [Conversation.all_workspaces.filter(workspace=one.workspace).count() for one in made]
    assert sizes == [2100, 250, 100, 50]
    assert Message.all_workspaces.count() == 2500 * 4

    rows = Conversation.all_workspaces.filter(workspace=made[0].workspace)
    statuses = Counter(rows.values_list("status", flat=True))
    assert 0.07 < statuses["open"] / 2100 < 0.13
    assert min(statuses[status] for status in ("pending", "resolved", "closed")) > 50
    assert rows.filter(snoozed_until__gt=NOW).exists()
    assert rows.filter(status="closed", unread_count__gt=0).exists()
    assert set(rows.values_list("channel", flat=True)) == set(Channel.values)
    assert rows.values("assignee").distinct().count() == 13  # and nobody
    assert len(set(rows.values_list("priority", flat=True))) >= 5
    assert rows.filter(message_count__gt=40).exists()
    by_contact = sorted(Counter(rows.values_list("contact", flat=True)).values())
    assert by_contact[-1] > 5 * by_contact[len(by_contact) // 2]
    shared = Ticket.all_workspaces.annotate(n=Count("conversations"))
    assert shared.filter(n=1).exists()
    assert shared.filter(n__gte=3).exists()
    assert not Message.all_workspaces.filter(created_at__gt=NOW).exists()
    starts = list(rows.order_by("number").values_list("created_at", flat=True))
    assert starts == sorted(starts)
    with tenancy.scope(made[0].workspace):
        for words in ("please", "bitte", "merci", "gracias", "谢谢"):
            assert Message.objects.filter(holding(words)).exists(), words
        quoted = Message.objects.filter(body__contains="ORD-").first()
        assert quoted is not None
        assert quoted.body
        number = "ORD-" + quoted.body.split("ORD-")[1].split(";")[0]
        assert quoted in Message.objects.filter(holding(number))


@pytest.mark.parametrize(("conversations", "messages"), [(1, 1), (1, 2), (3, 2), (45, 3), (2, 150), (30, 1)])
def test_small_desks_have_exactly_the_rows_that_were_wanted(db: None, conversations: int, messages: int) -> None:
    fill(plan_of(conversations, messages, 1))
    assert Conversation.all_workspaces.count() == conversations
    assert Message.all_workspaces.count() == conversations * messages


def test_workspace_that_exists_is_left_alone(bulk: Workspace) -> None:
    before = Event.objects.count()
    with pytest.raises(Conflict, match="there is a workspace bulk already"):
        fill(plan_of(10))
    assert Event.objects.count() == before


# --- The command --------------------------------------------------------------------------------


def seeded(*options: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("seed_demo", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_command_tells_how_to_get_in(db: None) -> None:
    text, shown = seeded("--conversations", "60", "--messages-per-conversation", "3", "--agents", "2", "--seed", "5")
    assert "/w/bulk/" in text
    assert "100 %" in shown
    workspace = Workspace.objects.get(slug="bulk")
    for person in Membership.all_workspaces.filter(workspace=workspace):
        assert person.user.email in text
        assert person.user.check_password(cast.PASSWORD)
    server = next(word for word in text.split() if word.startswith("parley_"))
    assert authentication.authenticate(server, datetime.now(UTC)).key.workspace == workspace
    with pytest.raises(CommandError, match="there is a workspace bulk already"):
        seeded("--conversations", "60")
    assert seeded("--conversations", "6", "--slug", "other", "--quiet") == ("", "")
    assert seeded("--conversations", "6", "--slug", "third", "--only-if-empty") == ("", "")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--seed", "5"), "--seed goes with --conversations"),
        (("--conversations", "0"), "conversations: this must be between"),
        (("--conversations", "5", "--agents", "0"), "agents: this must be between"),
        (("--conversations", "5", "--now", "2026-11-30"), "--now wants a moment with a time zone"),
        (("--conversations", "5", "--reset-keys"), "--reset-keys is for the demo"),
        (("--conversations", "5", "--slug", "Bulk Data"), "slug"),
    ],
)
def test_command_refuses_what_it_cannot_do(db: None, options: tuple[str, ...], error: str) -> None:
    with pytest.raises(CommandError, match=error):
        seeded(*options)
    assert not Workspace.objects.exists()
