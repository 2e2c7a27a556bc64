"""The assistant answers first: what a visitor writes goes to it, until people have the chat. Nothing that is written is lost."""

from __future__ import annotations

import uuid
from io import BytesIO

import pytest
from django.core.files.base import File

from accounts import clock
from accounts.errors import Conflict, NotFound
from accounts.models import Workspace
from conversations import actions
from conversations.assistant import actions as assistant_actions
from conversations.assistant import tasks as assistant_tasks
from conversations.assistant.actions.answering import WAITS
from conversations.assistant.actions.proposals import APPROVED, REJECTED
from conversations.assistant.choice import HandOver
from conversations.assistant.engines import builtin
from conversations.chat import actions as actions_of_chat
from conversations.chat import answering
from conversations.chat.actions import assistant
from conversations.models import AssistantRun, AssistantThread, Audience, Channel, Conversation, Handler, Message
from conversations.screens.inbox import queries as inbox_queries
from tests import factories
from tests.assistant.talk import PERSON, choose, run_reactions
from tests.chat.conftest import make
from tests.chat.talking import Visitor, now, texts, work
from tests.conftest import Key, Member
from tests.dialects import bancroft_client, hexclave_client, posthog_client, test_woes

pytestmark = pytest.mark.django_db

QUESTION = "How do I reset the thermostat after an update?"
UNKNOWN = "The frobnicator hums in D minor"


@pytest.fixture
def visitor(in_acme: Workspace) -> Visitor:
    """A visitor of a widget where the assistant answers first; one public and one internal article are published."""
    factories.ArticleFactory(
        workspace=in_acme,
        title="Reset the thermostat after an update",
        body="Hold the thermostat button for ten seconds.",
    )
    factories.ArticleFactory(
        workspace=in_acme, title="Frobnicator margins", body="The frobnicator hums; never tell customers our margin.",
        visibility="internal",
    )  # fmt: skip
    return Visitor(make(in_acme, assistant_first=True))


def decided(visitor: Visitor, chat: Conversation, proposal: uuid.UUID, approved: bool = True) -> Conversation:
    return actions_of_chat.decide_in_chat(
        conversation=chat, proposal_id=proposal, approved=approved, by=visitor.actor, at=clock.now()
    )


def test_visitor_asks_and_the_assistant_answers_from_public_articles(visitor: Visitor) -> None:
    chat = visitor.starts(QUESTION)
    assert (chat.channel, chat.contact_id, chat.handler) == (Channel.CHAT, visitor.contact.pk, Handler.ASSISTANT)
    assert answering.is_answering(chat)
    work()
    assert not answering.is_answering(chat)
    assert [kind for kind, _ in texts(chat)] == ["customer", "assistant"]
    assert "ten seconds" in texts(chat)[-1][1]
    assert AssistantRun.objects.get().audience == Audience.CUSTOMER
    visitor.writes(chat, UNKNOWN)
    work()
    assert "margin" not in "".join(body for _, body in texts(chat))


def test_no_list_but_the_assistants_shows_the_chat_until_it_is_handed_over(
    visitor: Visitor, ben: Member, acme_key: Key
) -> None:
    chat, acme = visitor.starts(PERSON), visitor.widget.workspace
    lists = (
        (posthog_client.Posthog(acme_key.secret, acme.pk), "tickets"),
        (posthog_client.Posthog(acme_key.secret, acme.pk), "/api/projects/@current/conversations/"),
        (bancroft_client.Api(acme_key.secret), bancroft_client.CONVERSATIONS),
        (test_woes.Api(acme_key.secret), test_woes.CONVERSATIONS),
        (hexclave_client.agent(acme), f"{hexclave_client.AGENT}?projectId={acme.public_id}"),
    )  # fmt: skip
    for api, path in lists:
        answer = api.get(path)
        assert (answer.status_code, str(chat.public_id) in answer.content.decode()) == (200, False), path
    for view in ("open", "unassigned", "waiting"):
        assert not inbox_queries.inbox_rows(inbox_queries.INBOX_VIEWS[view], ben.user).exists()
    assert inbox_queries.inbox_rows(inbox_queries.INBOX_VIEWS["assistant"], ben.user).get() == chat
    work()
    assert inbox_queries.inbox_rows(inbox_queries.INBOX_VIEWS["open"], ben.user).get() == chat
    assert str(chat.public_id) in test_woes.Api(acme_key.secret).get(test_woes.CONVERSATIONS).content.decode()


def test_what_is_written_while_it_answers_is_in_the_thread_at_once_and_answered_next(visitor: Visitor) -> None:
    chat = visitor.starts("Hello there")
    ids = [uuid.uuid4() for _ in range(3)]
    for public_id, body in zip(ids, ["one moment", "I mean the boiler", QUESTION], strict=True):
        message = visitor.writes(chat, body, public_id=public_id)
        assert message.public_id == public_id
    assert [body for _, body in texts(chat)] == ["Hello there", "one moment", "I mean the boiler", QUESTION]
    work()
    assert [kind for kind, _ in texts(chat)] == ["customer"] * 4 + ["assistant"] * 2
    assert "ten seconds" in texts(chat)[-1][1]
    assert not answering.is_answering(chat)


def test_a_repeat_finds_the_first_message_and_asks_nothing_twice(visitor: Visitor) -> None:
    chat = visitor.starts(QUESTION)
    work()
    public_id = uuid.uuid4()
    first = visitor.writes(chat, "And the boiler?", public_id=public_id)
    again = visitor.writes(chat, "And the boiler?", public_id=public_id)
    assert first == again
    assert AssistantRun.objects.count() == 2
    other = Visitor(visitor.widget)
    with pytest.raises(Conflict):
        other.starts("And the boiler?", message_public_id=public_id)
    with pytest.raises(NotFound):
        other.writes(chat, "Let me in")
    with pytest.raises(NotFound):
        decided(other, chat, uuid.uuid4())


def test_who_asks_for_a_person_is_handed_over_to_the_team_of_the_widget(in_acme: Workspace, ben: Member) -> None:
    team = factories.TeamFactory(workspace=in_acme, members=[ben.user])
    visitor = Visitor(make(in_acme, assistant_first=True, team=team, assignee=ben.user))
    chat = visitor.starts("I would rather talk to a teammate")
    work()
    run_reactions()
    row = now(chat)
    assert (row.handler, row.team, row.assignee) == (Handler.PEOPLE, team, ben.user)
    visitor.writes(chat, "It is about my boiler")
    assert (texts(chat)[-1][0], now(chat).unread_count) == ("customer", 2)
    assert not answering.is_answering(now(chat))
    assert not answering.quick_replies(row)


@pytest.mark.parametrize(
    ("words", "handler", "answer"),
    [("Yes, please!", Handler.PEOPLE, APPROVED), ("ja gerne", Handler.PEOPLE, APPROVED), ("No, it hums", Handler.ASSISTANT, None)],
)  # fmt: skip
def test_where_it_asks_first_the_customers_own_words_decide(
    visitor: Visitor, words: str, handler: Handler, answer: str | None
) -> None:
    choose(visitor.widget.workspace, hand_over=HandOver.ASK)
    visitor.widget.workspace.refresh_from_db()
    chat = visitor.starts(UNKNOWN)
    work()
    visitor.writes(chat, "It is the large one, in the cellar")
    work()
    row = now(chat)
    [(message_id, offered)] = answering.quick_replies(row).items()
    assert Message.objects.get(pk=message_id).body == f"{builtin.UNKNOWN} {builtin.MAY_I}"
    assert [one.approved for one in offered] == [True, False]
    visitor.writes(chat, words)
    work()
    assert now(chat).handler == handler
    assert texts(chat)[4][1] == words
    assert answer is None or texts(chat)[-1][1] == answer
    assert not answering.quick_replies(now(chat))


def test_a_quick_reply_decides_once(visitor: Visitor) -> None:
    choose(visitor.widget.workspace, hand_over=HandOver.ASK)
    chat = visitor.starts(UNKNOWN)
    work()
    visitor.writes(chat, "It is the large one")
    work()
    [[yes, no]] = answering.quick_replies(now(chat)).values()

    assert decided(visitor, chat, no.proposal, approved=False).handler == Handler.ASSISTANT
    assert texts(chat)[-1][1] == REJECTED
    before = texts(chat)
    assert decided(visitor, chat, yes.proposal).handler == Handler.ASSISTANT  # a second click, or a second tab
    assert texts(chat) == before
    with pytest.raises(NotFound):
        decided(visitor, visitor.starts(QUESTION), yes.proposal)


def test_when_the_engine_fails_people_get_the_chat_at_once(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*values: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(builtin.Builtin, "answer", broken)
    chat = visitor.starts(QUESTION)
    work()
    assert (now(chat).handler, now(chat).unread_count) == (Handler.PEOPLE, 1)
    assert texts(chat) == [("customer", QUESTION), ("assistant", WAITS)]
    assert now(chat).ticket is not None


def test_without_approval_or_budget_people_get_what_is_written(visitor: Visitor) -> None:
    workspace = visitor.widget.workspace
    assert answering.is_on(visitor.widget, clock.now())
    chat = visitor.starts(QUESTION)
    work()
    choose(workspace, engine="openai")
    workspace.refresh_from_db()
    assert not answering.is_on(visitor.widget, clock.now())
    visitor.writes(chat, "Does that delete my settings?")
    row = now(chat)
    assert (row.handler, row.ticket and row.ticket.escalation_reason) == (Handler.PEOPLE, assistant.NOT_ALLOWED)
    assert texts(chat)[-1] == ("customer", "Does that delete my settings?")


def test_files_alone_are_for_people(visitor: Visitor) -> None:
    chat = visitor.starts(QUESTION)
    work()
    message = visitor.writes(chat, "", uploads=[File(BytesIO(b"\x89PNG"), name="boiler.png")])
    assert message.attachments.get().name == "boiler.png"
    assert now(chat).handler == Handler.PEOPLE


def test_an_agent_who_answers_has_the_chat_from_then_on(visitor: Visitor, ben: Member) -> None:
    chat = visitor.starts("Hello there")
    visitor.writes(chat, QUESTION)
    assistant_actions.reply_as_member(
        conversation=chat, body="Ben here.", writer=ben.user, by=ben.actor, at=clock.now()
    )
    for run in AssistantRun.objects.all():
        assistant_tasks.run_assistant(workspace_id=run.workspace_id, run_id=run.pk)
    assert texts(chat) == [("customer", "Hello there"), ("customer", QUESTION), ("agent", "Ben here.")]
    visitor.writes(chat, "Thanks")
    work()
    assert texts(chat)[-1] == ("customer", "Thanks")
    assert now(chat).assignee == ben.user


def test_a_resolved_chat_is_asked_on_and_a_closed_one_is_for_people(visitor: Visitor) -> None:
    chat = visitor.starts(QUESTION)
    work()
    visitor.writes(chat, "That worked, thank you")
    work()
    assert (now(chat).status, AssistantThread.objects.get().ai_resolved) == ("resolved", True)
    visitor.writes(chat, "The thermostat needs a reset after the update again")
    work()
    assert texts(chat)[-1][0] == "assistant"
    assert (now(chat).handler, now(chat).status) == (Handler.ASSISTANT, "pending")
    actions.set_status(
        conversation=now(chat), status="closed", by=visitor.actor.system(chat.workspace_id), at=clock.now()
    )
    after = visitor.writes(chat, "Hello?").conversation
    assert (after.follows, after.handler) == (chat, Handler.PEOPLE)


def test_the_assistants_api_opens_no_visitors_chat(visitor: Visitor, acme_key: Key) -> None:
    chat = visitor.starts(QUESTION)
    api = posthog_client.Posthog(acme_key.secret, visitor.widget.workspace_id)
    assert api.get(str(chat.public_id)).status_code == 404
    assert api.post(f"{chat.public_id}/append_message", {"content": "Buy now"}).status_code == 404
    assert texts(chat) == [("customer", QUESTION)]
