"""PostHog tickets: the assistant's draft of a reply, by the desk's own engine and by one outside."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts import actions as account_actions
from accounts import clock, tenancy
from accounts.live.responses import LiveResponse
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.assistant import choice as choices
from conversations.assistant import questions, suggestion_results
from conversations.assistant import tasks as assistant_tasks
from conversations.assistant.engines import chosen as chosen_engine
from conversations.assistant.engines import openai
from conversations.dialects.posthog import answers
from conversations.dialects.posthog.views import suggestions
from conversations.knowledge import search as knowledge_search
from conversations.knowledge import stems
from conversations.models import Audience, Message, MessageKind, SenderKind
from tests.conftest import Member
from tests.dialects import harness
from tests.dialects.assistant_client import source_of
from tests.dialects.posthog_client import Posthog, posthog_api, refusal, row_of, thread_of  # noqa: F401 (a fixture)
from tests.dialects.scene import Scene
from tests.factories import ContactFactory, ConversationFactory, receive, reply
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def choose(workspace: Workspace, name: str, approved: bool = False) -> None:
    chosen = choices.Choice(engine=name, is_approved=approved)
    account_actions.update_workspace(
        workspace=workspace, settings=chosen.settings, by=Actor.system(workspace.pk), at=clock.now()
    )


@pytest.fixture
def solved(acme: Workspace, ben: Member) -> Any:
    """A conversation about a blinking thermostat that the team has solved, with the customer's name in the answer."""
    return solved_with("hold both buttons for ten seconds, Maria Rossi. That restarts the firmware.", acme, ben)


@pytest.fixture
def solved_plainly(acme: Workspace, ben: Member) -> Any:
    """The same with an answer that fits everybody."""
    return solved_with("hold both buttons for ten seconds. That restarts the firmware.", acme, ben)


def solved_with(answer: str, acme: Workspace, ben: Member) -> Any:
    maria = ContactFactory(workspace=acme, name="Maria Rossi", email="maria@example.com")
    row = ConversationFactory(
        workspace=acme,
        contact=maria,
        subject="Thermostat",
        body="My thermostat blinks orange since the firmware update",
    )
    reply(row, "We are on it.", by=ben.actor)
    reply(row, f"Hi Maria,\n{answer}", by=ben.actor)
    receive(row, "Great, thanks")
    actions.set_status(conversation=row, status="resolved", by=ben.actor, at=clock.now())
    return row


@pytest.fixture
def asked(api: Posthog) -> dict[str, Any]:
    made = api.create(anonymous_traits={"name": "Bo Tran", "email": "bo@shop.example"})
    receive(thread_of(made), "Hello, the thermostat blinks orange after a firmware update. What now?")
    return api.get(f"tickets/{made['id']}").json()


# --- The desk's own engine ----------------------------------------------------------------------


def test_draft_is_the_answer_that_solved_the_same_before(api: Posthog, asked: Any, solved: Any) -> None:
    answer = api.post(f"tickets/{asked['id']}/suggest_reply")
    assert answer.status_code == 200
    body = answer.json()
    assert body == {
        "suggestion": "Hello Bo,\n\nThat restarts the firmware.",
        "found": True,
        "engine": "builtin",
        "sources": [source_of(solved)],
    }


def test_draft_is_kept_as_a_private_note_that_moves_no_figures(api: Posthog, asked: Any, solved: Any) -> None:
    api.post(f"tickets/{asked['id']}/suggest_reply")
    note = Message.all_workspaces.get(kind=MessageKind.NOTE)
    assert (note.sender_kind, note.conversation) == (SenderKind.ASSISTANT, thread_of(asked))
    assert (note.metadata or {})["engine"] == "builtin"
    assert (note.metadata or {})["sources"][0]["number"] == solved.number
    listed = api.get(f"tickets/{asked['id']}/messages").json()["results"][-1]
    assert (listed["author_type"], listed["author_name"], listed["is_private"]) == ("AI", "Assistant", True)
    assert api.get(f"tickets/{asked['id']}").json() == asked
    assert Event.objects.filter(type="suggestion.made", actor_kind="api_key").count() == 1


def test_desk_that_has_solved_nothing_similar_says_so(api: Posthog, asked: Any, solved: Any) -> None:
    made = api.create()
    receive(thread_of(made), "Please send me last month's invoice as a PDF")
    body = api.post(f"tickets/{made['id']}/suggest_reply").json()
    assert (body["suggestion"], body["found"], body["sources"]) == (answers.NOTHING, False, [])
    assert not Message.all_workspaces.filter(kind=MessageKind.NOTE).exists()


def test_other_workspaces_answers_are_never_found(asked: Any, solved: Any, globex: Workspace) -> None:
    with tenancy.scope(globex):
        assert knowledge_search.similar(stems.significant(["thermostat blinks orange"]), Audience.TEAM) == []
    with tenancy.scope(solved.workspace):
        assert knowledge_search.similar(stems.significant(["thermostat blinks orange"]), Audience.TEAM) != []


def test_unsolved_conversations_and_own_thread_are_no_knowledge(api: Posthog, acme: Workspace, asked: Any) -> None:
    row = ConversationFactory(workspace=acme, body="The thermostat blinks orange after the firmware update")
    reply(row, "We do not know yet.")
    assert api.post(f"tickets/{asked['id']}/suggest_reply").json()["found"] is False


def test_private_notes_are_no_part_of_the_question(asked: Any, ben: Member, in_acme: Workspace) -> None:
    actions.note(conversation=thread_of(asked), body="Secret of the team", by=ben.actor, at=clock.now())
    found = questions.question(row_of(asked), Audience.KEY)
    assert [turn.text for turn in found.turns] == [asked["last_message_text"]]
    assert "Secret" not in json.dumps(openai.prompt(found))


def test_question_is_the_last_fifty_messages_and_8000_characters(asked: Any, in_acme: Workspace) -> None:
    thread = thread_of(asked)
    for n in range(60):
        reply(thread, f"short {n}")
    assert len(questions.question(row_of(asked), Audience.KEY).turns) == 50
    receive(thread, "y" * 7_999)
    turns = questions.question(row_of(asked), Audience.KEY).turns
    assert (turns[-1].text, turns[-2].text, len(turns)) == ("y" * 7_999, "9", 2)


def test_ticket_without_a_public_message_is_400(api: Posthog, ben: Member) -> None:
    made = api.create()
    actions.note(conversation=thread_of(made), body="Only us", by=ben.actor, at=clock.now())
    answer = api.post(f"tickets/{made['id']}/suggest_reply")
    assert (answer.status_code, set(answer.json())) == (400, {"detail"})


@pytest.mark.usefixtures("no_time_passes_for_limits")
def test_drafts_are_limited_per_minute(api: Posthog, asked: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(suggestions, "_drafts", suggestions.Buckets(10))
    path = f"tickets/{asked['id']}/suggest_reply"
    answers = [api.post(path) for _ in range(11)]
    assert {answer.status_code for answer in answers[:10]} == {200}
    assert refusal(answers[10]) == (429, "throttled_error", "throttled", None)
    assert int(answers[10]["Retry-After"]) >= 1


# --- An engine outside --------------------------------------------------------------------------


class Service(BaseHTTPRequestHandler):
    """An OpenAI-compatible endpoint that answers as the test wants."""

    answer: Callable[[Any], tuple[int, bytes]]
    seen: list[tuple[str, str | None, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).seen.append((self.path, self.headers.get("Authorization"), body))
        status, content = type(self).answer(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def says(text: Any) -> Callable[[Any], tuple[int, bytes]]:
    return lambda body: (200, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode())


@pytest.fixture
def service(settings: Any, acme: Workspace) -> Iterator[type[Service]]:
    """A running endpoint; acme has chosen and approved it."""
    handler = type("Handler", (Service,), {"answer": staticmethod(says("Press both buttons.")), "seen": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.ASSISTANT_BASE_URL = f"http://127.0.0.1:{server.server_port}/v1/"
        settings.ASSISTANT_API_KEY, settings.ASSISTANT_MODEL = "secret", "small"
        choose(acme, choices.OPENAI, approved=True)
        yield handler
        server.shutdown()


class Front:
    """The web front's side of a held answer: it is notified twice, and runs the functions that it is given."""

    def __init__(self, *made: suggestion_results.SuggestionResult | None) -> None:
        self.made = [*made]

    async def listen(self, channel: str, key: str) -> AsyncIterator[str]:
        yield ""
        yield "done"

    async def run(self, function: Any) -> Any:
        assert function.func is suggestion_results.find
        return self.made.pop(0)


def suggested(api: Posthog, made: Any, **headers: str) -> Any:
    """Ask, let the worker work, and take the answer."""
    held = api.post(f"tickets/{made['id']}/suggest_reply", **headers)
    assert isinstance(held, LiveResponse), held.content
    assert held.held
    request = Event.objects.filter(type="suggestion.requested").latest("id")
    work(request)
    work(request)  # a job may run twice
    made = suggestion_results.find(request.workspace_id, request.subject_id, request.pk)
    assert made is not None
    return suggestions.answer(request.workspace_id, made)


def work(request: Event) -> None:
    """What the worker does for a request."""
    assistant_tasks.suggest_reply(
        workspace_id=request.workspace_id,
        conversation_id=request.subject_id,
        ticket_id=request.data["ticket_id"],
        request_id=request.pk,
        audience=Audience.KEY,
    )


def test_engine_outside_answers_403_until_the_workspace_approves(api: Posthog, acme: Workspace) -> None:
    choose(acme, choices.OPENAI)
    for path in (f"tickets/{api.create()['id']}/suggest_reply", "tickets/999/suggest_reply"):
        answer = api.post(path)
        assert (answer.status_code, set(answer.json())) == (403, {"detail"})


def test_engine_outside_drafts_in_the_worker(api: Posthog, asked: Any, solved: Any, service: type[Service]) -> None:
    answer = suggested(api, asked)
    assert answer.status_code == 200
    body = json.loads(answer.content)
    assert (body["suggestion"], body["found"], body["engine"]) == ("Press both buttons.", True, "openai")
    assert [source["number"] for source in body["sources"]] == [solved.number]
    note = Message.all_workspaces.get(kind=MessageKind.NOTE)
    assert (note.body, (note.metadata or {})["engine"]) == ("Press both buttons.", "openai")
    assert len(service.seen) == 1
    path, authorization, sent = service.seen[0]
    assert (path, authorization, sent["model"]) == ("/v1/chat/completions", "Bearer secret", "small")
    assert [turn["role"] for turn in sent["messages"]] == ["system", "user"]
    assert "restarts the firmware" in sent["messages"][0]["content"]
    assert "maria" not in json.dumps(sent).lower().replace("hi maria", "")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (says(""), "validation_error"),
        (says(None), "validation_error"),
        (says(["x"]), "validation_error"),
        (lambda body: (200, b"not json"), "validation_error"),
        (lambda body: (200, b'{"choices": []}'), "validation_error"),
        (lambda body: (200, b"[]"), "validation_error"),
        (lambda body: (500, b"{}"), "unknown_error"),
        (lambda body: (401, b"{}"), "unknown_error"),
    ],
)
def test_engine_that_fails_is_500_with_its_kind(
    api: Posthog,
    asked: Any,
    service: type[Service],
    answer: Any,
    code: str,
) -> None:
    service.answer = staticmethod(answer)
    answer = suggested(api, asked)
    body = json.loads(answer.content)
    assert (answer.status_code, set(body), body["error_type"]) == (500, {"detail", "error_type"}, code)
    assert not Message.all_workspaces.filter(kind=MessageKind.NOTE).exists()


def test_engine_that_is_not_configured_or_away_is_500(api: Posthog, asked: Any, service: Any, settings: Any) -> None:
    for url in ("", "http://127.0.0.1:9/v1"):
        settings.ASSISTANT_BASE_URL = url
        answer = suggested(api, asked)
        assert (answer.status_code, json.loads(answer.content)["error_type"]) == (500, "unknown_error")


def test_text_that_postgresql_cannot_keep_is_cleaned(api: Posthog, asked: Any, service: type[Service]) -> None:
    service.answer = staticmethod(says("a\x00b\ud800c"))
    assert json.loads(suggested(api, asked).content)["suggestion"] == "abc"


def test_approval_that_was_taken_back_meanwhile_holds(
    api: Posthog,
    acme: Workspace,
    asked: Any,
    service: type[Service],
) -> None:
    api.post(f"tickets/{asked['id']}/suggest_reply")
    choose(acme, choices.OPENAI, approved=False)
    request = Event.objects.get(type="suggestion.requested")
    work(request)
    assert service.seen == []
    assert Event.objects.filter(type="suggestion.failed").count() == 1


def test_waiting_request_is_answered_when_it_is_notified() -> None:
    front: Any = Front(None, suggestion_results.SuggestionResult(suggestion_id=7))
    assert asyncio.run(suggestion_results.wait(front, 1, 2, 3)).suggestion_id == 7
    silent: Any = Front(None, None)
    assert asyncio.run(suggestion_results.wait(silent, 1, 2, 3)) == suggestion_results.SuggestionResult(
        code="unknown_error"
    )


def test_answer_waits_for_the_worker_on_a_running_desk(desk: str) -> None:
    seed = [
        {"settings": choices.Choice(choices.OPENAI, is_approved=True).settings},
        {"contact": "bo", "external_id": "bo", "name": "Bo"},
        {"conversation": "first", "contact": "bo", "body": "What now?"},
        {"escalation": "case", "conversation": "first"},
    ]
    scene = Scene(seed)
    path = f"/api/projects/@current/conversations/tickets/{scene.value('case.id')}/suggest_reply"
    headers = {"Authorization": f"Bearer {scene.value('server_key')}"}
    with ThreadPoolExecutor() as pool:
        requests = pool.submit(harness.send, desk, {"method": "POST", "path": path, "headers": headers})
        journal = Event.objects.filter(workspace=scene.workspace, type="suggestion.requested")
        end = time.monotonic() + 20
        while (request := journal.first()) is None and time.monotonic() < end:
            time.sleep(0.05)
        assert request is not None
        assert not requests.done()
        # No service is configured: the worker says so, and the answer is there.
        work(request)
        answer = requests.result(20)
    assert (answer.status, json.loads(answer.content)["error_type"]) == (500, "unknown_error")


def test_idempotency_key_of_a_waiting_call_is_not_kept(api: Posthog, asked: Any, service: type[Service]) -> None:
    for _ in range(2):
        assert suggested(api, asked, **{"Idempotency-Key": "k"}).status_code == 200
    assert len(service.seen) == 2


# --- The choice ---------------------------------------------------------------------------------


def test_command_chooses_the_engine_and_approves(acme: Workspace) -> None:
    call_command("set_assistant", workspace="acme", engine="openai")
    acme.refresh_from_db()
    assert choices.choice(acme) == choices.Choice("openai", is_approved=False)
    call_command("set_assistant", workspace="acme", engine="openai", approve_ai=True)
    acme.refresh_from_db()
    assert choices.choice(acme) == choices.Choice("openai", is_approved=True)
    call_command("set_assistant", workspace="acme", engine="builtin")
    acme.refresh_from_db()
    assert choices.choice(acme) == choices.Choice("builtin", is_approved=False)
    with pytest.raises(CommandError):
        call_command("set_assistant", workspace="nobody", engine="builtin")


@pytest.mark.parametrize("kept", [{}, {"assistant": 5}, {"assistant": {"engine": "magic", "ai_approved": "yes"}}])
def test_engine_is_the_desks_own_until_one_is_chosen(acme: Workspace, kept: Any, settings: Any) -> None:
    settings.ASSISTANT_BASE_URL = "http://example.com/v1"
    acme.settings = kept
    assert choices.choice(acme) == choices.Choice("builtin", is_approved=False)
    assert chosen_engine.of(acme).name == "builtin"
    assert Ticket.all_workspaces.count() == 0
