"""The demo: a month that looks lived in, made once, and telling how to get in."""

from __future__ import annotations

import io
import json
import re
import shutil
import stat
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.test import Client

from accounts import clock
from accounts.credentials import authentication
from accounts.errors import Invalid
from accounts.models import Dispatch, Event, Membership, User, Workspace
from conversations.demo import cast, documents, stories
from conversations.demo.story import Turn
from conversations.knowledge.placeholders import IN_BRACES, PLACEHOLDERS
from conversations.models import (
    Article,
    AssistantThread,
    Attachment,
    Channel,
    Conversation,
    Macro,
    Message,
    MessageKind,
    Suggestion,
    Tally,
    Widget,
)
from tests.factories import UserFactory, WorkspaceFactory
from tickets.models import Ticket

SUNDAY_MORNING = datetime(2026, 12, 6, 7, 30, tzinfo=UTC)
"""When there is the least of a day's work, so that a demo made then is alive at any time."""


@pytest.fixture
def home(settings: pytest.FixtureRequest, tmp_path: Path) -> Path:
    settings.DESK_HOME = tmp_path  # type: ignore[attr-defined]
    return tmp_path


def seed(*options: str) -> str:
    out = io.StringIO()
    call_command("seed_demo", *options, stdout=out)
    return out.getvalue()


def secrets_in(text: str) -> list[str]:
    return sorted({word.strip('"') for word in text.split() if word.startswith("parley_")})


@time_machine.travel(SUNDAY_MORNING, tick=False)
def test_demo_is_a_lively_month_made_once(home: Path, db: None, settings: Any) -> None:
    text = seed()
    demo = Workspace.objects.get(slug="demo")
    rows = Conversation.all_workspaces.filter(workspace=demo)

    # Many of everything.
    assert 110 <= rows.count() <= 185
    assert set(rows.values_list("channel", flat=True)) == set(Channel.values)
    statuses = Counter(rows.values_list("status", flat=True))
    assert min(statuses[status] for status in ("open", "pending", "resolved", "closed")) >= 5
    assert rows.filter(snoozed_until__gt=clock.now()).exists()
    assert rows.filter(status="closed", unread_count__gt=0).exists()
    assert_a_days_work(demo)
    assert_shop_with_a_chat(demo)
    assert rows.filter(assignee__isnull=False).values("assignee").distinct().count() >= 3
    assert rows.filter(message_count__gte=8).count() >= 2
    assert len(set(rows.values_list("priority", flat=True))) >= 4
    entries = Message.all_workspaces.filter(workspace=demo)
    assert set(entries.values_list("kind", flat=True)) == set(MessageKind.values)
    assert {"image/png"} < set(Attachment.all_workspaces.values_list("content_type", flat=True))
    shared = Ticket.all_workspaces.annotate(n=Count("conversations")).filter(n__gte=2)
    assert shared.count() >= 2
    tally = Tally.all_workspaces.get(workspace=demo)
    assert tally.total == rows.filter(handler="people").count()
    assert tally.last_number == rows.count()

    # The assistant at work: solved, handed over, taken over, and still going on; drafts of every outcome.
    threads = AssistantThread.all_workspaces.filter(workspace=demo)
    assert threads.filter(ai_resolved=True).count() >= 3
    assert threads.filter(handed_over_at__isnull=False, taken_over_at=None).exists()
    assert threads.filter(taken_over_at__isnull=False).exists()
    assert rows.filter(handler="assistant", status="pending").exists()
    assert not threads.exclude(status="idle").exists()
    drafts = Counter(Suggestion.all_workspaces.filter(kind="draft").values_list("outcome", flat=True))
    assert min(drafts["accepted"], drafts["edited"], drafts["rejected"]) >= 2

    # Things to know, and answers to send.
    articles = Article.all_workspaces.filter(workspace=demo)
    assert articles.count() >= 12
    assert articles.filter(visibility="internal").exists()
    assert articles.filter(published_at=None).count() == 1
    macros = Macro.all_workspaces.filter(workspace=demo)
    assert macros.count() == 6
    for body in macros.values_list("body", flat=True):
        assert set(IN_BRACES.findall(body)) <= set(PLACEHOLDERS)
    for body in articles.values_list("body", flat=True):
        prose = "".join(body.split("```")[::2])
        assert not re.search(r"[a-z,]\n[a-z]|\S \d\. [A-Z]", prose)  # lines and steps as they were meant

    # As if it had happened.
    assert not entries.filter(created_at__gt=clock.now()).exists()
    newest = rows.latest("created_at").created_at
    assert (clock.now() - newest).total_seconds() < 3600
    starts = list(rows.order_by("number").values_list("created_at", flat=True))
    assert starts == sorted(starts)
    assert (starts[-1] - starts[0]).days >= 26
    beginnings = [
        (row.subject, Message.all_workspaces.filter(conversation=row).earliest("pk").body)
        for row in rows.order_by("number")
    ]
    assert all(one != two for one, two in pairwise(beginnings))
    names = cast.pocket(cast.customers()[0], "A B", "C D", 2026, Random(1))
    unfilled = [
        body for body in entries.values_list("body", flat=True) if body and any(f"{{{n}}}" in body for n in names)
    ]
    assert unfilled == []

    # Nobody is written to about what never happened.
    assert not Dispatch.objects.filter(event__subject_type="conversation").exists()
    assert mail.outbox == []

    # And it tells how to get in.
    for person in cast.TEAM:
        assert person.email in text
        assert User.objects.get(email=person.email).check_password(cast.PASSWORD)
        assert Membership.all_workspaces.get(workspace=demo, user__email=person.email).role == person.role
    server, client = sorted(secrets_in(text), reverse=True)
    assert authentication.authenticate(server, clock.now()).key.kind == "server"
    assert authentication.authenticate(client, clock.now()).key.kind == "client"
    assert stat.S_IMODE((home / "demo.txt").stat().st_mode) == 0o600

    # Again: nothing more, and the same words.
    before = Event.objects.count()
    assert seed() == text
    assert seed("--quiet") == ""
    assert Event.objects.count() == before

    # Started on another port, the addresses are those of today.
    settings.PUBLIC_URL = "http://127.0.0.1:8001"
    assert {word.rstrip(":/") for word in re.findall(r"https?://[^/]+", seed())} == {"http://127.0.0.1:8001"}

    # Without the note there are no keys to print; new ones replace the old.
    (home / "demo.txt").unlink()
    assert "seed_demo --reset-keys" in seed()
    renewed = seed("--reset-keys")
    assert not set(secrets_in(renewed)) & {server, client}
    with pytest.raises(authentication.BadKey):
        authentication.authenticate(server, clock.now())
    assert seed() == renewed


def assert_shop_with_a_chat(demo: Workspace) -> None:
    """`/demo/` signs in an invented customer, of whom the chat knows a conversation that was answered."""
    page = Client().get("/demo/")
    assert page["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; frame-src 'self'")
    widget = Widget.all_workspaces.get(workspace=demo)
    assert f'data-key="{widget.key}"' in page.content.decode()
    data = re.search(r'<script type="application/json" id="demo">(.*?)</script>', page.content.decode())
    assert data
    answer = Client().post(
        f"/widget/{widget.key}/api/identify",
        {"jwt": json.loads(data[1])["jwt"]},
        content_type="application/json",
        headers={"Origin": "http://testserver"},
    )
    assert answer.json()["session"]["contact"]["name"] == "Hanna Visser"
    assert answer.json()["unread"] == 1


def test_desk_without_the_demo_has_no_shop(acme: Workspace) -> None:
    assert Client().get("/demo/").status_code == 404


def assert_a_days_work(demo: Workspace) -> None:
    """25 conversations of the month are open, three that came by forms, and one by the shop's chat: some new, some of everyone
    who answers, the first login among them."""
    waiting = Conversation.all_workspaces.filter(workspace=demo, handler="people", status="open", snoozed_until=None)
    assert waiting.count() == 29
    assert waiting.filter(assignee=None).count() == 12
    assert 15 <= waiting.filter(unread_count__gt=0).count() <= 25
    for person in cast.TEAM[:4]:
        assert waiting.filter(assignee__email=person.email).exists()
    assert waiting.filter(assignee__email=cast.TEAM[0].email).count() >= 3


@pytest.mark.parametrize("who", ["a workspace", "a person"])
def test_desk_that_is_in_use_gets_no_demo_at_a_start(home: Path, db: None, who: str) -> None:
    """Its passwords are public: a start without SEED_DEMO=no must not open a desk that was set up or restored."""
    WorkspaceFactory() if who == "a workspace" else UserFactory()
    assert seed("--only-if-empty") == ""
    assert not Workspace.objects.filter(slug__startswith="demo").exists()
    assert not User.objects.filter(email__endswith="@northwind.example").exists()


def test_every_wording_of_every_story_has_its_names_filled_in() -> None:
    for story in (*stories.every(), stories.outage()):
        for telling in range(3):
            values = cast.pocket(cast.customers()[telling], "Jonas Weber", "Priya Raman", 2026, Random(telling))
            for text in (*story.subjects, *(turn.wording(telling) for turn in story.turns)):
                filled = cast.fill(text, values)
                assert filled.strip()
                assert not any(f"{{{name}}}" in filled for name in (*values, "name", "team"))


def test_stories_that_name_a_customer_find_them() -> None:
    known = {customer.email for customer in cast.named()}
    assert {story.contact for story in stories.every() if story.contact} == known
    emails = [customer.email for customer in (*cast.named(), *cast.customers())]
    assert len(emails) == len(set(emails))


@pytest.fixture
def content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A copy of the content for a test to edit."""
    copy = tmp_path / "content"
    shutil.copytree(documents.CONTENT, copy)
    monkeypatch.setattr(documents, "CONTENT", copy)
    kept = (cast.named, cast.customers, stories.every, stories.outage)
    for reader in kept:
        reader.cache_clear()
    yield copy
    for reader in kept:
        reader.cache_clear()


STORY = """+++
subjects = ["A question"]
channels = ["email"]
+++

# Customer with diagnostics.txt

Is this code?

```
# Agent
```

## Or

Another question.

# Agent

Yes.
"""


def test_story_is_read_as_it_is_written(content: Path) -> None:
    (content / "stories" / "1-hardware" / "00-first.md").write_text(STORY)
    first = stories.every()[0]
    assert first.turns == (
        Turn("customer", ("Is this code?\n\n```\n# Agent\n```", "Another question."), ("diagnostics.txt",)),
        Turn("agent", ("Yes.",)),
    )
    assert (first.team, first.priority, first.weight, first.tags) == ("Support", "normal", 2, ())


def test_example_of_the_readme_is_a_story(content: Path) -> None:
    example = re.findall(r"```markdown\n(.*?)```\n", (content / "README.md").read_text(), re.DOTALL)
    (content / "stories" / "1-hardware" / "00-first.md").write_text(example[0])
    assert [turn.side for turn in stories.every()[0].turns] == ["customer", "note", "agent"]


@pytest.mark.parametrize(
    ("text", "instead", "error"),
    [
        ('["email"]', '["email", "fax"]', 'channels, entry 2: "fax" is not a valid choice.'),
        ('["email"]', "[]", "channels: This list may not be empty."),
        ("channels", "chanels", "chanels: unknown field; there are subjects, channels,"),
        ('channels = ["email"]', "", "channels: This field is required."),
        ('["A question"]', "[", "is not valid TOML: "),
        ("+++\n\n", "\n\n", "begin with fields between two lines of +++"),
        ("+++\n\n", 'contact = "nobody@example.com"\n+++\n\n', "contact: no such customer under `named` in customers.toml"),
        ("# Customer with", "# Robot with", "unknown heading “# Robot with diagnostics.txt”; there are # Customer, # Agent,"),
        ("diagnostics.txt", "lost.txt", "there is no lost.txt in attachments"),
        ("Yes.", "", "there is no text below # Agent"),
        ("# Customer with diagnostics.txt", "Hello", "begin the text with a heading, such as # Customer"),
        ("# Customer with diagnostics.txt", "## Or", "## Or comes after a first wording"),
    ],
)  # fmt: skip
def test_mistake_in_a_story_names_the_file_and_the_field(content: Path, text: str, instead: str, error: str) -> None:
    (content / "stories" / "1-hardware" / "00-first.md").write_text(STORY.replace(text, instead, 1))
    with pytest.raises(Invalid) as found:
        stories.every()
    assert found.value.field == "stories/1-hardware/00-first.md"
    assert found.value.message.startswith(error)


def test_mistake_in_a_file_of_lists_names_the_entry(content: Path) -> None:
    customers = content / "customers.toml"
    customers.write_text(customers.read_text().replace('city = "Zwolle"', 'town = "Zwolle"'))
    with pytest.raises(
        Invalid, match=r"^named, entry 8, town: unknown field; there are name, email, company, city$"
    ) as found:
        cast.named()
    assert found.value.field == "customers.toml"


def test_command_says_in_one_line_which_file_is_wrong(content: Path, home: Path, db: None) -> None:
    (content / "stories" / "outage.md").write_text("Nothing works.")
    with pytest.raises(CommandError, match=r"^stories/outage\.md: begin with fields"):
        seed()
    assert not Workspace.objects.exists()
