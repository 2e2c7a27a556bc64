"""A worker that runs, with a bot that nobody has started: what people write on Discord, and what agents answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import conninfo_to_dict

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor, Role
from conversations import actions
from conversations.channels.discord import actions as discord_actions
from conversations.models import Attachment, Conversation, Delivery, DiscordBot, DiscordThread, Message
from tests import factories, template
from tests.discord.conftest import connected
from tests.discord.fake import BOB, EVE, PRIVATE, TEXT, Discord
from tests.runtime import scratch
from tests.runtime.machine import DEADLINE, ROOT, environment, eventually, new_home, stop

pytestmark = pytest.mark.django_db


@dataclass
class Desk:
    """A workspace on a database of its own, and the workers that run there."""

    home: Path
    database: str
    workspace: Workspace
    ben: Actor

    @property
    def environment(self) -> dict[str, str]:
        key: str = settings.CHANNEL_SECRETS_KEYS[0]
        # It could send mail, so that it sends links.
        return environment(
            self.home, DATABASE_URL=self.database, CHANNEL_SECRETS_KEY=key, EMAIL_HOST="127.0.0.1", EMAIL_PORT="9"
        )

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        with (self.home / "log").open("a") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.runtime.role_process", "worker"],
                cwd=ROOT,
                env=self.environment,
                stdout=out,
                stderr=out,
            )
        try:
            yield process
        except BaseException:
            print(self.log()[-6000:])
            raise
        finally:
            if process.poll() is None:
                stop(process)

    def log(self) -> str:
        return (self.home / "log").read_text()

    def texts(self, subject: str) -> list[str]:
        """What is written in the latest conversation of this subject, in its order."""
        with tenancy.scope(self.workspace):
            conversation = Conversation.objects.filter(subject=subject).order_by("-id").first()
            rows = Message.objects.filter(conversation=conversation, kind="message").order_by("created_at", "id")
            return [row.body or "" for row in rows] if conversation else []

    def conversation(self, subject: str) -> Conversation:
        with tenancy.scope(self.workspace):
            return Conversation.objects.select_related("contact").filter(subject=subject).latest("id")

    def messages(self, subject: str) -> list[Message]:
        with tenancy.scope(self.workspace):
            rows = Message.objects.filter(conversation=self.conversation(subject), kind="message")
            return list(rows.order_by("created_at", "id"))

    def reply(self, subject: str, text: str) -> None:
        with tenancy.scope(self.workspace):
            actions.reply(conversation=self.conversation(subject), body=text, by=self.ben, at=clock.now())


@pytest.fixture
def desk() -> Iterator[Desk]:
    with new_home() as home, template.copied() as database:
        name = str(conninfo_to_dict(database)["dbname"])
        with scratch.asking(scratch.named(name)):
            workspace = factories.WorkspaceFactory(slug="acme", name="Acme")
            user = factories.UserFactory(name="Ben Kimura")
            ben = Actor.member(factories.MembershipFactory(workspace=workspace, user=user, role=Role.AGENT))
            yield Desk(home, database, workspace, ben)


def bot_of(desk: Desk) -> DiscordBot:
    with tenancy.scope(desk.workspace):
        return DiscordBot.objects.get()


def test_posts_and_threads_become_conversations_that_are_answered_under_the_agents_name(
    desk: Desk, discord: Discord
) -> None:
    with desk.worker():
        eventually(lambda: (desk.home / "log").exists(), "the worker")
        connected(desk.workspace, discord)  # while the worker runs
        eventually(lambda: discord.sockets and bot_of(desk).connected_at, "the bot on its server")

        # A post of the forum, with its tag and its file, and several people in it.
        post = discord.post("Cannot pay", "Hello, my card fails.", tags=("billing",), files=(("shot.txt", b"abc"),))
        second = discord.say(post, "Mine too", by=BOB)
        eventually(lambda: desk.texts("Cannot pay") == ["Hello, my card fails.", "Mine too"], "both messages")
        conversation = desk.conversation("Cannot pay")
        assert (conversation.tags, conversation.contact.name, conversation.contact.is_verified) == (
            ["billing"],
            "Eve",
            False,
        )
        assert conversation.contact.identity_source == "discord"
        assert [one.sender_name for one in desk.messages("Cannot pay")] == ["Eve", "Bob"]
        with tenancy.scope(desk.workspace):
            [file] = Attachment.objects.all()
            assert (file.name, file.size, file.message.body) == ("shot.txt", 3, "Hello, my card fails.")

        # A thread under a message of a text channel; the channel itself is nobody's conversation.
        under = discord.say(TEXT, "Where is the manual?")
        thread = discord.thread_under(under, "Manual")
        discord.say(thread, "I mean the PDF")
        eventually(lambda: desk.texts("Manual") == ["Where is the manual?", "I mean the PDF"], "the thread")

        # Edits, deletions, a new title, other tags; bots and notices are nobody's words.
        discord.edit(post, second, "Mine too, since Monday")
        eventually(lambda: desk.texts("Cannot pay")[1:] == ["Mine too, since Monday"], "the edit")
        discord.delete(post, second)
        eventually(lambda: desk.texts("Cannot pay")[1:] == ["(Deleted by the customer)"], "the deletion")
        discord.say(post, "Beep", by={**BOB, "id": "3009", "bot": True})
        discord.say(post, "", type=6)
        discord.change(post, name="Card fails", applied_tags=["9001"])
        eventually(lambda: desk.texts("Card fails"), "the new title")
        eventually(lambda: desk.conversation("Card fails").tags == ["bug"], "the new tag")
        assert len(desk.texts("Card fails")) == 2

        # The reply, under its writer's name, pinging nobody, once.
        desk.reply("Card fails", "Hello @everyone, it is fixed.")
        eventually(lambda: discord.replies(post), "the reply")
        [reply] = discord.replies(post)
        assert reply["content"] == "**Ben Kimura**: Hello @everyone, it is fixed."
        [call] = discord.asked(rf"POST /channels/{post}/messages")
        assert call.body["allowed_mentions"] == {"parse": []}
        assert call.body["enforce_nonce"] is True
        with tenancy.scope(desk.workspace):
            eventually(lambda: Delivery.objects.get().state == "sent", "the end of the delivery")
            assert Delivery.objects.get().channel_message_id == reply["id"]
            # Tags that agents put on are put on there.
            actions.set_tags(
                conversation=desk.conversation("Card fails"), names=["billing", "vip"], by=desk.ben, at=clock.now()
            )
        eventually(lambda: discord.threads[post]["applied_tags"] == ["9000"], "the tag there")
        assert desk.conversation("Card fails").tags == ["billing", "vip"]

        # A thread that is gone is said to be gone.
        discord.remove(post)
        with tenancy.scope(desk.workspace):
            eventually(lambda: DiscordThread.objects.get(discord_id=int(post)).deleted_at, "the end of the thread")
        desk.reply("Card fails", "Are you still there?")
        with tenancy.scope(desk.workspace):
            eventually(lambda: Delivery.objects.latest("id").state == "failed", "the failure")
            assert Delivery.objects.latest("id").reason == "The thread was deleted on Discord."

        # A member asks who they are to the desk; an agent goes on in private.
        discord.say(thread, "!link")
        eventually(lambda: discord.replies(f"77{EVE['id']}"), "the direct message")
        assert "/f/d/" in discord.replies(f"77{EVE['id']}")[0]["content"]
        assert desk.texts("Manual") == ["Where is the manual?", "I mean the PDF"]
        with tenancy.scope(desk.workspace):
            discord_actions.request_private(conversation=desk.conversation("Manual"), by=desk.ben, at=clock.now())

            def private() -> DiscordThread | None:
                return DiscordThread.objects.filter(is_private=True, conversation__isnull=False).first()

            row = eventually(private, "the private thread")
        assert discord.threads[str(row.discord_id)]["type"] == PRIVATE
        desk.reply("Manual", "Only for you.")
        eventually(
            lambda: "**Ben Kimura**: Only for you." in [one["content"] for one in discord.replies(str(row.discord_id))],
            "the private reply",
        )
        assert "Only for you." not in str(discord.replies(thread))

        # Removing the bot ends its connection.
        with tenancy.scope(desk.workspace):
            discord_actions.remove_bot(bot=bot_of(desk), by=Actor.system(desk.workspace.pk), at=clock.now())
        eventually(lambda: all(socket.closed for socket in discord.sockets), "the end of the connection")


def test_nothing_is_lost_and_nothing_comes_twice_when_the_connection_is(desk: Desk, discord: Discord) -> None:
    connected(desk.workspace, discord)
    with desk.worker():
        eventually(lambda: discord.sockets and bot_of(desk).connected_at, "the bot on its server")
        post = discord.post("Slow", "It is slow.")
        eventually(lambda: desk.texts("Slow"), "the post")

        # The gateway ends the connection, and what was written meanwhile is replayed.
        discord.drop(4000)
        discord.say(post, "Still slow.")
        eventually(lambda: "resume" in [kind for kind, _ in discord.handshakes], "the resumption")
        eventually(lambda: desk.texts("Slow") == ["It is slow.", "Still slow."], "what was replayed")
        discord.again(3)  # and once more

        # The session is forgotten: the bot identifies anew, and fetches what no event told of.
        discord.forget_sessions()
        discord.drop(4009)
        half = discord.say(post, "Half \ud83d", tell=False)  # which the fast JSON reader refuses
        discord.say(post, "Slower.", tell=False)
        so_far = ["It is slow.", "Still slow.", "Half \ufffd", "Slower."]
        eventually(lambda: desk.texts("Slow") == so_far, "what was fetched")
        discord.delete(post, half)
        eventually(lambda: "(Deleted by the customer)" in desk.texts("Slow"), "its deletion")

        # Discord is away for an hour: messages, edits, deletions and new posts of that time are there afterwards.
        kept = discord.say(post, "Edited later")
        gone = discord.say(post, "Deleted later")
        eventually(lambda: len(desk.texts("Slow")) == 6, "both")
        real = discord.now
        with discord.away():
            eventually(lambda: bot_of(desk).connected_at is None, "the loss of the connection")
            discord.forget_sessions()
            discord.now = lambda: real() + timedelta(minutes=30)
            discord.edit(post, kept, "Edited at last", tell=False)
            discord.delete(post, gone, tell=False)
            discord.say(post, "Is anybody there?", by=BOB, tell=False)
            other = discord.post("Another", "Hello?", tell=False)
            discord.now = lambda: real() + timedelta(hours=1)
            quick = discord.post("Quick", "Never mind.", tell=False)
            discord.change(quick, archived=True, tell=False)
            desk.reply("Slow", "We are here.")
        eventually(lambda: desk.texts("Another") == ["Hello?"], "the post of that time")
        eventually(lambda: desk.texts("Quick") == ["Never mind."], "the archived one")
        eventually(lambda: "Is anybody there?" in desk.texts("Slow"), "the message of that time")
        eventually(lambda: "Edited at last" in desk.texts("Slow"), "the edit of that time")
        eventually(lambda: desk.texts("Slow").count("(Deleted by the customer)") == 2, "the deletion of that time")
        eventually(lambda: discord.replies(post), "the reply of that time")
        assert [one["content"] for one in discord.replies(post)] == ["**Ben Kimura**: We are here."]
        assert sorted(desk.texts("Slow")) == sorted([
            "It is slow.", "Still slow.", "Slower.", "Edited at last", *["(Deleted by the customer)"] * 2, "Is anybody there?", "We are here.",
        ])  # fmt: skip
        assert other


def test_one_process_runs_a_bot_and_another_goes_on_when_it_is_killed(desk: Desk, discord: Discord) -> None:
    connected(desk.workspace, discord)
    with desk.worker() as one, desk.worker() as other:
        eventually(lambda: discord.sockets and bot_of(desk).connected_at, "the bot on its server")
        time.sleep(3)  # the other worker has looked by then
        assert len([kind for kind, _ in discord.handshakes if kind == "identify"]) == 1
        # The process is killed: another one identifies, and fetches what was written meanwhile.
        [child] = children(desk)
        os.kill(child, signal.SIGKILL)
        discord.post("Killed", "Did you see that?", tell=False)
        eventually(lambda: desk.texts("Killed") == ["Did you see that?"], "what was written meanwhile")
        # A worker that is killed takes its process with it, and the other one goes on.
        [child] = children(desk)
        killed = one if parent_of(child) == one.pid else other
        killed.kill()
        killed.wait(DEADLINE)
        eventually(lambda: child not in children(desk), "the end of its process")
        discord.post("Gone", "And that?", tell=False)
        eventually(lambda: desk.texts("Gone") == ["And that?"], "what the other worker fetched")
    eventually(lambda: not children(desk), "the end of all")


def test_database_that_ends_all_connections_loses_nothing(desk: Desk, discord: Discord) -> None:
    connected(desk.workspace, discord)
    command = [sys.executable, "manage.py", "run_discord"]
    with (desk.home / "log").open("a") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=desk.environment, stdout=out, stderr=out)
    try:
        eventually(lambda: discord.sockets and bot_of(desk).connected_at, "the bot on its server")
        post = discord.post("Database", "One.")
        eventually(lambda: desk.texts("Database") == ["One."], "the post")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        discord.say(post, "Two.")
        discord.say(post, "Three.")
        eventually(lambda: desk.texts("Database") == ["One.", "Two.", "Three."], "what came meanwhile")
    finally:
        stop(process)


def children(desk: Desk) -> list[int]:
    """The processes that run bots of a desk."""
    found, home = [], f"DESK_HOME={desk.home}\0".encode()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                is_one = b"run_discord" in (folder / "cmdline").read_bytes()
                if is_one and home in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
    return found


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
