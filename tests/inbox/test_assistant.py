"""The assistant in the inbox: what the composer says, taking over, drafts, and the page of rates and choices."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from accounts import actions as account_actions
from accounts import clock, journal, tenancy
from accounts.live.responses import LiveResponse
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.assistant import actions as assistant_actions
from conversations.assistant import choice as choices
from conversations.assistant import report, suggestion_results
from conversations.assistant import tasks as assistant_tasks
from conversations.assistant.choice import Choice
from conversations.assistant.engines import protocol
from conversations.assistant.engines.protocol import Draft, Step, Usage
from conversations.models import Article, AssistantThread, Conversation, Handler, Suggestion
from conversations.screens.inbox import suggestions
from tests.conftest import Member
from tests.factories import ConversationFactory, reply
from tests.inbox.conftest import HTMX, markup_of, now, queries_of, text_of

URL = "/w/acme/inbox/1"
BUILTIN_TEXT = "Hold both buttons for ten seconds."


@pytest.fixture
def asked(acme: Workspace) -> AssistantThread:
    """Conversation number 1: a program has asked the assistant, which is at work."""
    with tenancy.scope(acme):
        run = assistant_actions.ask_assistant(
            workspace=acme, content="The frobnicator hums", by=Actor.system(acme.pk), at=clock.now()
        )
    return run.thread


def answer(thread: AssistantThread) -> None:
    run = thread.runs.latest("pk")
    assistant_tasks.run_assistant(workspace_id=thread.workspace_id, run_id=run.pk)


def fresh(thread: AssistantThread) -> AssistantThread:
    return AssistantThread.all_workspaces.select_related("conversation").get(pk=thread.pk)


def choose(workspace: Workspace, **values: Any) -> None:
    account_actions.update_workspace(
        workspace=workspace, settings=Choice(**values).settings, by=Actor.system(workspace.pk), at=clock.now()
    )


# --- The thread ---------------------------------------------------------------------------------


def test_commands_of_a_row_take_over_until_somebody_has(ben: Member, asked: AssistantThread) -> None:
    client = ben.signed_in()
    page = client.get(f"{URL}/commands").content.decode()
    assert f'action="{URL}/take-over' in page
    assert 'data-command="take-over"' in page
    client.post(f"{URL}/take-over")
    assert 'data-command="take-over"' not in client.get(f"{URL}/commands").content.decode()


def test_composer_says_that_the_assistant_answers(agent: Client, asked: AssistantThread) -> None:
    page = text_of(agent.get(URL).content)
    assert "The assistant is answering. It is writing now." in page
    assert "Take over and send" in page
    answer(asked)
    assert "The assistant is answering. Your reply takes over" in text_of(agent.get(URL).content)


def test_search_from_its_view_finds_what_it_handles(agent: Client, asked: AssistantThread) -> None:
    found = {
        view: agent.get("/w/acme/inbox", {"view": view, "q": "frobnicator"}).content for view in ("assistant", "open")
    }
    assert (b"row-" in found["assistant"], b"row-" in found["open"]) == (True, False)


def test_people_who_were_called_in_read_why(agent: Client, acme: Workspace, asked: AssistantThread) -> None:
    with tenancy.scope(acme):
        assistant_actions.cancel_run(thread=asked, by=Actor.system(acme.pk), at=clock.now())
        assistant_actions.hand_over(
            thread=asked,
            call=protocol.Call.ASKED,
            reason="The <b>customer</b> asked.",
            by=Actor.system(acme.pk),
            at=clock.now(),
        )
    page = agent.get(URL).content
    assert "Handed over by the assistant. The &lt;b&gt;customer&lt;/b&gt; asked." in text_of(page)
    assert "Parley linked it to ticket 1 , handed it over to the team" in text_of(page)
    assert b"strip--on" not in page


def test_open_question_to_the_customer_is_shown(agent: Client, acme: Workspace, asked: AssistantThread) -> None:
    choose(acme, hand_over=choices.HandOver.ASK)
    answer(asked)
    with tenancy.scope(acme):
        assistant_actions.ask_assistant(
            workspace=acme, content="The large one", thread=asked, by=Actor.system(acme.pk), at=clock.now()
        )
    answer(asked)
    page = text_of(agent.get(URL).content)
    assert "It has asked the customer whether to bring in a teammate." in page


def test_answer_shows_its_sources_with_links(agent: Client, acme: Workspace, ben: Member) -> None:
    solved = ConversationFactory(workspace=acme, body="The frobnicator hums loudly")
    reply(solved, BUILTIN_TEXT, by=ben.actor)
    actions.set_status(conversation=solved, status="resolved", by=ben.actor, at=clock.now())
    with tenancy.scope(acme):
        run = assistant_actions.ask_assistant(
            workspace=acme, content="My frobnicator hums loudly", by=Actor.system(acme.pk), at=clock.now()
        )
    answer(run.thread)
    page = markup_of(agent.get(f"/w/acme/inbox/{run.thread.conversation.number}").content)
    assert f'<a class="source" href="/w/acme/inbox/{solved.number}"' in page


def test_taking_over_is_one_click_and_gives_the_conversation_to_who_clicked(
    agent: Client, asked: AssistantThread, ben: Member
) -> None:
    done = agent.post(f"{URL}/take-over", headers=HTMX)
    assert done.status_code == 200
    assert "The assistant has stopped replying." in text_of(done.content)
    thread = fresh(asked)
    assert (thread.conversation.assignee, thread.conversation.handler) == (ben.user, Handler.PEOPLE)
    assert thread.taken_over_at is not None
    page = text_of(agent.get(URL).content)
    assert "The assistant is answering." not in page
    assert "Ben took over from the assistant" in page
    assert "assigned it to themselves" not in page


def test_reply_to_what_the_assistant_handles_takes_over(agent: Client, asked: AssistantThread, ben: Member) -> None:
    agent.post(f"{URL}/reply", {"body": "Ben here."})
    thread = fresh(asked)
    assert (thread.conversation.handler, thread.conversation.preview) == (Handler.PEOPLE, "Ben here.")
    assert (thread.conversation.status, thread.conversation.assignee) == ("pending", ben.user)
    assert thread.status == "idle"


def test_reply_that_is_refused_takes_nothing_over(agent: Client, asked: AssistantThread) -> None:
    assert agent.post(f"{URL}/reply", {"body": " "}).status_code == 422
    assert fresh(asked).taken_over_at is None
    assert agent.post(f"{URL}/reply", {"body": "x", "expected_last": 0}).status_code == 409
    assert fresh(asked).conversation.handler == Handler.ASSISTANT


def test_viewer_reads_along_and_takes_nothing_over(viewer: Client, asked: AssistantThread) -> None:
    page = viewer.get(URL).content
    assert "The assistant is answering." in text_of(page)
    assert b"take-over" not in page
    assert viewer.post(f"{URL}/take-over").status_code == 403
    assert viewer.post(f"{URL}/suggest").status_code == 403


def test_deleted_conversation_with_the_assistant_takes_no_reply(agent: Client, asked: AssistantThread) -> None:
    with tenancy.scope(asked.workspace):
        assistant_actions.delete_thread(thread=asked, by=Actor.system(asked.workspace_id), at=clock.now())
    assert "The assistant is answering." not in text_of(agent.get(URL).content)
    assert agent.post(f"{URL}/reply", {"body": "Hello?"}).status_code == 404


def test_conversation_of_people_has_nothing_to_take_over(agent: Client, conversation: Conversation) -> None:
    assert agent.post(f"{URL}/take-over").status_code == 404


# --- Drafts -------------------------------------------------------------------------------------


@pytest.fixture
def article(acme: Workspace, conversation: Conversation) -> Article:
    """An article that answers the conversation's question."""
    with tenancy.scope(acme):
        return Article.objects.create(
            title="Orders that never came", body="We search for it & answer in two days.", published_at=clock.now()
        )


def test_draft_is_offered_with_its_sources_and_sent_by_nobody(
    agent: Client, conversation: Conversation, article: Article
) -> None:
    drafted = agent.post(f"{URL}/suggest", headers=HTMX)
    page = text_of(drafted.content)
    assert "Hello Jane, We search for it &amp; answer in two days." in page
    assert "Orders that never came" in page
    assert now(conversation).message_count == 1
    assert "Suggested reply" in text_of(agent.get(URL).content)
    suggestion = Suggestion.all_workspaces.get()
    assert (suggestion.ticket, suggestion.message, suggestion.outcome) == (None, None, "open")


def test_draft_works_without_script(agent: Client, conversation: Conversation, article: Article) -> None:
    led = agent.post(f"{URL}/suggest?view=open")
    assert (led.status_code, led["Location"]) == (302, f"{URL}?view=open#composer")
    page = agent.get(f"{URL}?draft=use").content.decode()
    assert ">\nHello Jane,\n\nWe search for it &amp; answer in two days.</textarea>" in page
    agent.post(f"{URL}/reply", {"body": Suggestion.all_workspaces.get().text})
    while journal.drain():
        pass
    assert Suggestion.all_workspaces.get().outcome == "accepted"
    assert "Suggested reply" not in text_of(agent.get(URL).content)


def test_dismissed_draft_is_gone(agent: Client, conversation: Conversation, article: Article) -> None:
    agent.post(f"{URL}/suggest", headers=HTMX)
    suggestion = Suggestion.all_workspaces.get()
    gone = agent.post(f"{URL}/suggestions/{suggestion.public_id}/dismiss", headers=HTMX)
    assert b'<div id="draft" hidden>' in gone.content
    suggestion.refresh_from_db()
    assert suggestion.outcome == "rejected"
    assert "Suggested reply" not in text_of(agent.get(URL).content)


def test_desk_that_knows_nothing_says_so(agent: Client, conversation: Conversation) -> None:
    assert "No matching answer found." in text_of(agent.post(f"{URL}/suggest", headers=HTMX).content)
    led = agent.post(f"{URL}/suggest")
    assert "No matching answer found." in text_of(agent.get(led["Location"].partition("#")[0]).content)


def test_draft_of_another_conversation_is_not_found(
    agent: Client, conversation: Conversation, article: Article
) -> None:
    agent.post(f"{URL}/suggest", headers=HTMX)
    ConversationFactory(workspace=conversation.workspace)
    public_id = Suggestion.all_workspaces.get().public_id
    assert agent.post(f"/w/acme/inbox/2/suggestions/{public_id}/dismiss").status_code == 404


def test_drafts_are_limited_per_person(
    agent: Client, conversation: Conversation, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggestions, "_drafts", suggestions.Buckets(10))
    texts = [text_of(agent.post(f"{URL}/suggest", headers=HTMX).content) for _ in range(11)]
    assert "Suggested reply" in texts[9]
    assert "Too many suggestions." in texts[10]


def test_engine_outside_needs_approval_and_a_budget(agent: Client, acme: Workspace, conversation: Conversation) -> None:
    choose(acme, engine=choices.OPENAI)
    assert "does not allow sending customer messages" in text_of(agent.post(f"{URL}/suggest", headers=HTMX).content)
    choose(acme, engine=choices.OPENAI, is_approved=True, budget=Decimal(0))
    assert "budget for this month is used up" in text_of(agent.post(f"{URL}/suggest", headers=HTMX).content)


class Front:
    """The web front's side of a held answer: it looks for what the worker made, and is asked to show it."""

    def __init__(self, made: suggestion_results.SuggestionResult | None) -> None:
        self.made = made

    async def listen(self, channel: str, key: str) -> Any:
        yield ""

    async def run(self, function: Any, *args: Any) -> Any:
        # What is to be shown needs the database, which this loop has none of: the test does it afterwards.
        return self.made if getattr(function, "func", None) is suggestion_results.find else (function, args)


def test_draft_of_an_engine_outside_is_held_until_the_worker_has_made_it(
    agent: Client, acme: Workspace, conversation: Conversation, settings: Any
) -> None:
    settings.ASSISTANT_BASE_URL = ""  # the engine fails at once, and that is an answer too
    choose(acme, engine=choices.OPENAI, is_approved=True)
    held = agent.post(f"{URL}/suggest", headers=HTMX)
    assert isinstance(held, LiveResponse)
    assert held.held
    request = Event.objects.get(type="suggestion.requested")
    assistant_tasks.suggest_reply(
        workspace_id=acme.pk, conversation_id=request.subject_id, request_id=request.pk, audience="team"
    )
    front: Any = Front(suggestion_results.find(acme.pk, request.subject_id, request.pk))

    async def first() -> Any:
        return await anext(aiter(held.follow(front)))

    show, made = asyncio.run(first())
    assert "The assistant could not suggest a reply." in text_of(show(*made).content)
    suggestion = Suggestion.all_workspaces.get()
    assert (suggestion.outcome, suggestion.failure) == ("failed", "not_configured")


# --- The page -----------------------------------------------------------------------------------


def test_page_shows_rates_costs_and_reasons(
    agent: Client, acme: Workspace, ben: Member, conversation: Conversation
) -> None:
    at = clock.now()
    with tenancy.scope(acme):
        for text, sent in (
            ("One two three", "One two three"),
            ("One two three", "One two three four"),
            ("One", "Other"),
        ):
            row = ConversationFactory(workspace=acme)
            usage = Usage(model="small", prompt_tokens=900, completion_tokens=100, cost=Decimal("0.5"))
            assistant_actions.make_suggestion(
                conversation=row, draft=Draft(text=text, usage=usage), engine="openai", by=ben.actor, at=at
            )
            reply(row, sent, by=ben.actor)
        for words in ("I want a human", "The frobnicator hums"):
            answer(
                assistant_actions.ask_assistant(workspace=acme, content=words, by=Actor.system(acme.pk), at=at).thread
            )
        thread = AssistantThread.objects.latest("pk")
        assistant_actions.settle(thread=thread, by=Actor.system(acme.pk), at=at)
    while journal.drain():
        pass
    choose(acme, engine=choices.OPENAI, budget=Decimal(6))
    page = text_of(agent.get("/w/acme/assistant").content)
    assert "Resolved by the assistant 50 %" in page
    assert "1 of 2 conversations" in page
    assert "Handed over 1 1 asked for a person" in page
    assert "Suggestions used 67 %" in page
    assert "1 unchanged, 1 edited, 1 rejected" in page
    assert "Answers that helped 50 % 1 helped, 1 did not" in page
    assert "Spent this month 1.50" in page
    assert "of a budget of 6.00" in page
    assert "openai small 0 3 1 1 1 0 3000 1.50" in page
    assert 'value="25"' in agent.get("/w/acme/assistant").content.decode()


def test_old_work_is_in_no_shorter_period(agent: Client, acme: Workspace, conversation: Conversation) -> None:
    with tenancy.scope(acme):
        Suggestion.objects.create(
            kind="draft", conversation=conversation, engine="builtin", outcome="accepted",
            created_at=clock.now() - report.timedelta(days=20),
        )  # fmt: skip
    assert "Nothing yet" in text_of(agent.get("/w/acme/assistant?days=7").content)
    assert "Suggestions used 100 %" in text_of(agent.get("/w/acme/assistant?days=30").content)
    assert agent.get("/w/acme/assistant?days=x").status_code == 200


def test_page_asks_as_many_queries_for_much_work_as_for_little(
    agent: Client, acme: Workspace, conversation: Conversation
) -> None:
    def work() -> None:
        with tenancy.scope(acme):
            Suggestion.objects.create(kind="draft", conversation=conversation, engine="builtin", outcome="open")

    work()
    agent.get("/w/acme/assistant")
    one = queries_of(lambda: agent.get("/w/acme/assistant"))
    for _ in range(20):
        work()
    assert queries_of(lambda: agent.get("/w/acme/assistant")) == one


def test_admin_changes_what_it_may_do(ada: Member, acme: Workspace, settings: Any) -> None:
    settings.ASSISTANT_BASE_URL = "http://127.0.0.1:9"
    client = ada.signed_in()
    given = {
        "engine": "openai", "is_approved": "on", "hand_over": "ask", "topics": " refund \n\nlegal  claim\nrefund",
        "budget": "12,50",
    }  # fmt: skip
    assert client.post("/w/acme/assistant", given).status_code == 302
    acme.refresh_from_db()
    assert choices.choice(acme) == Choice(
        "openai", True, choices.HandOver.ASK, ("refund", "legal claim"), Decimal("12.50")
    )
    page = client.get("/w/acme/assistant").content.decode()
    assert "refund\nlegal claim</textarea>" in page
    given |= {"budget": "", "is_approved": "", "topics": ""}
    client.post("/w/acme/assistant", given)
    acme.refresh_from_db()
    assert choices.choice(acme) == Choice("openai", False, choices.HandOver.ASK)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"engine": "magic"}, "Select a valid choice"),
        ({"engine": "openai"}, "No language model is set up"),
        ({"budget": "-1"}, "greater than or equal to 0"),
        ({"budget": "lots"}, "Enter a number"),
        ({"topics": "x" * 101}, "up to 100 characters"),
    ],
)
def test_choice_at_fault_changes_nothing(ada: Member, acme: Workspace, given: dict[str, str], words: str) -> None:
    refused = ada.signed_in().post("/w/acme/assistant", {"engine": "builtin", "hand_over": "auto", **given})
    assert (refused.status_code, words in text_of(refused.content)) == (422, True)
    acme.refresh_from_db()
    assert choices.choice(acme) == Choice()


def test_agent_sees_no_choices_and_can_make_none(agent: Client, acme: Workspace) -> None:
    assert "Allow sending customer messages" not in text_of(agent.get("/w/acme/assistant").content)
    assert agent.post("/w/acme/assistant", {"engine": "openai", "hand_over": "auto"}).status_code == 403
    acme.refresh_from_db()
    assert choices.choice(acme) == Choice()


def test_command_makes_the_same_choices(acme: Workspace) -> None:
    call_command(
        "set_assistant",
        "--workspace",
        "acme",
        "--engine",
        "openai",
        "--hand-over",
        "ask",
        "--budget",
        "3",
        "--topic",
        "refund",
    )
    acme.refresh_from_db()
    assert choices.choice(acme) == Choice("openai", False, choices.HandOver.ASK, ("refund",), Decimal(3))
    call_command("set_assistant", "--workspace", "acme", "--engine", "builtin", "--budget", "none", "--no-topics")
    acme.refresh_from_db()
    assert choices.choice(acme) == Choice("builtin", False, choices.HandOver.ASK)


def test_step_of_an_answer_is_kept_with_the_message(acme: Workspace, asked: AssistantThread) -> None:
    answer(asked)
    message = fresh(asked).conversation.last_message
    assert message is not None
    assert (message.metadata or {})["step"] == Step.ASK
