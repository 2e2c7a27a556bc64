"""The sources of answers: articles, macros and solved conversations, as far as the one who asks may read them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor, ActorKind
from conversations import actions
from conversations.assistant import intents, questions
from conversations.assistant.engines import builtin
from conversations.assistant.engines.protocol import Call, Question, Step, Turn
from conversations.knowledge import search as knowledge_search
from conversations.knowledge import stems
from conversations.knowledge.passages import Passage, SourceKind
from conversations.models import Article, Audience, Contact, Macro
from conversations.permissions import ConversationScope
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, receive, reply
from tickets.permissions import TicketScope

QUESTION = "My thermostat blinks orange since the firmware update"


def solved(workspace: Workspace, ben: Member, contact: Contact | None = None, body: str = QUESTION) -> Any:
    row = ConversationFactory(workspace=workspace, contact=contact or ContactFactory(workspace=workspace), body=body)
    reply(row, "Hold both buttons for ten seconds.", by=ben.actor)
    actions.set_status(conversation=row, status="resolved", by=ben.actor, at=clock.now())
    return row


@pytest.fixture
def library(in_acme: Workspace, ben: Member) -> dict[str, Any]:
    """One of everything that the question may find."""
    at = clock.now()
    text = "A thermostat that blinks orange after a firmware update needs a restart."
    with_ticket = solved(in_acme, ben)
    actions.escalate(conversation=with_ticket, by=ben.actor, at=at)
    return {
        "public": Article.objects.create(title="Orange thermostat", body=text, published_at=at),
        "internal": Article.objects.create(
            title="Orange thermostat, inside", body=text, visibility="internal", published_at=at
        ),
        "draft": Article.objects.create(title="Orange thermostat, draft", body=text),
        "macro": Macro.objects.create(name="Thermostat", body=f"Hello {{{{customer.name}}}}, {text}"),
        "solved": solved(in_acme, ben),
        "with_ticket": with_ticket,
    }


def found(audience: Audience, contact: Contact | None = None) -> set[Any]:
    """Everything that an audience is shown, however it ranks."""
    most, knowledge_search.MOST_PASSAGES = knowledge_search.MOST_PASSAGES, 20
    try:
        return {one.id for one in knowledge_search.similar(stems.significant([QUESTION]), audience, contact=contact)}
    finally:
        knowledge_search.MOST_PASSAGES = most


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("audience", "names"),
    [
        (Audience.TEAM, {"public", "internal", "macro", "solved", "with_ticket"}),
        (Audience.KEY, {"public", "macro", "solved", "with_ticket"}),
        (Audience.TICKETS, {"public", "macro", "with_ticket"}),
        (Audience.CUSTOMER, {"public"}),
    ],
)
def test_answers_rest_on_nothing_that_the_asker_could_not_read(
    library: dict[str, Any], audience: Audience, names: set[str]
) -> None:
    stranger = ContactFactory(workspace=library["solved"].workspace)
    assert found(audience, stranger) == {library[name].public_id for name in names}


@pytest.mark.django_db
def test_customer_finds_their_own_solved_conversations(library: dict[str, Any]) -> None:
    own = library["solved"].contact
    assert found(Audience.CUSTOMER, own) == {library["public"].public_id, library["solved"].public_id}


@pytest.mark.django_db
def test_another_workspaces_knowledge_is_never_found(library: dict[str, Any], globex: Workspace) -> None:
    with tenancy.scope(globex):
        assert found(Audience.TEAM) == set()


@pytest.mark.parametrize(
    ("actor", "audience"),
    [
        (Actor(kind=ActorKind.MEMBER, workspace_id=1), Audience.TEAM),
        (Actor(kind=ActorKind.SYSTEM, workspace_id=1), Audience.TEAM),
        (Actor(kind=ActorKind.CONTACT, workspace_id=1), Audience.CUSTOMER),
        (Actor(kind=ActorKind.API_KEY, workspace_id=1, scopes=frozenset({ConversationScope.WRITE})), Audience.KEY),
        (Actor(kind=ActorKind.API_KEY, workspace_id=1, scopes=frozenset({TicketScope.WRITE})), Audience.TICKETS),
    ],
)
def test_audience_follows_from_who_asks(actor: Actor, audience: Audience) -> None:
    assert questions.audience_of(actor) == audience


@pytest.mark.django_db
def test_word_in_another_form_is_found(in_acme: Workspace) -> None:
    Article.objects.create(title="Charging", body="Charge the batteries before you invoice.", published_at=clock.now())
    for asked in ("battery charges", "invoices for batteries", "charged battery"):
        assert knowledge_search.similar(stems.significant([asked]), Audience.TEAM), asked


@pytest.mark.django_db
def test_title_decides_between_texts_that_say_the_same(in_acme: Workspace) -> None:
    text = "Reset the password on the profile page."
    for title in ("Profile page", "Reset your password"):
        Article.objects.create(title=title, body=text, published_at=clock.now())
    best, _ = knowledge_search.similar(stems.significant(["How do I reset my password?"]), Audience.TEAM)
    assert best.title == "Reset your password"


@pytest.mark.django_db
def test_long_article_is_quoted_where_it_answers(in_acme: Workspace) -> None:
    filler = "\n\n".join(f"Chapter {n} is about something else entirely, and goes on about it. " * 5 for n in range(20))
    Article.objects.create(
        title="Handbook", body=f"{filler}\n\nThe warranty lasts thirty months.\n\n{filler}", published_at=clock.now()
    )
    (passage,) = knowledge_search.similar(
        stems.significant(["How long does the warranty last, in months?"]), Audience.TEAM
    )
    assert passage.text.startswith("The warranty lasts thirty months.")
    assert len(passage.text) <= 1_500


@pytest.mark.django_db
def test_section_that_says_it_all_is_quoted_alone(in_acme: Workspace) -> None:
    body = "A gauge may count twice.\n\n## Put it back\nPush the weight.\n\n## It never tips\nThe bearing of the gauge is glued."
    Article.objects.create(title="Calibrate", body=body, published_at=clock.now())
    for asked, wanted in (
        ("The bearing of my gauge never tips", "## It never tips\nThe bearing of the gauge is glued."),
        ("My gauge counts twice", body),  # the opening says it, the steps follow
        ("The gauge counts twice, I pushed the weight", body),
    ):
        (passage,) = knowledge_search.similar(stems.significant([asked]), Audience.TEAM)
        assert passage.text == wanted, asked


@pytest.mark.django_db
def test_poor_match_is_no_match(library: dict[str, Any]) -> None:
    for asked in ("Where is my invoice", "Can I pay for the update of my subscription by bank transfer"):
        assert knowledge_search.similar(stems.significant([asked]), Audience.TEAM) == [], asked
    assert knowledge_search.similar({}, Audience.TEAM) == []


@pytest.mark.django_db
def test_search_asks_as_many_queries_for_many_texts_as_for_few(
    library: dict[str, Any], ben: Member, django_assert_num_queries: Any
) -> None:
    wanted = stems.significant([QUESTION])
    with django_assert_num_queries(6):
        knowledge_search.similar(wanted, Audience.TEAM)
    for _ in range(20):
        solved(library["solved"].workspace, ben)
        Article.objects.create(title="Thermostat blinks", body=QUESTION, published_at=clock.now())
    with django_assert_num_queries(6):
        knowledge_search.similar(wanted, Audience.TEAM)


@pytest.mark.django_db
def test_placeholders_of_a_macro_are_not_quoted(library: dict[str, Any]) -> None:
    passages = knowledge_search.similar(stems.significant([QUESTION]), Audience.KEY)
    (macro,) = [passage for passage in passages if passage.kind == SourceKind.MACRO]
    assert "{" not in macro.text


@pytest.mark.django_db
def test_words_of_the_asker_cannot_break_the_search(in_acme: Workspace) -> None:
    for asked in ("a' | b & !c :* <-> ((", "\\' OR 1=1 --", "ʼquoteʼ :A", "naïve café ﬁancée", "汉字汉字汉字 тест"):
        assert knowledge_search.similar(stems.significant([asked]), Audience.TEAM) == []


# --- The built-in engine ------------------------------------------------------------------------


def passage(share: float, title: str = "Restart", kind: SourceKind = SourceKind.ARTICLE) -> Passage:
    return Passage(kind=kind, id=uuid4(), title=title, text="Press both.", share=share)


def last(**values: Any) -> Any:
    passages = values.pop("passages", ())
    asked = Question(subject="x", customer_name="", turns=(Turn(True, "x"),), passages=passages, **values)
    return [*builtin.Builtin().answer(asked)][-1]


def test_strong_evidence_is_an_answer_with_its_sources() -> None:
    good, poor = passage(0.9), passage(0.1, "Other")
    draft = last(passages=(good, poor))
    assert (draft.step, draft.sources) == (Step.ANSWER, (good,))
    assert draft.text == "Press both.\n\nFrom the article “Restart”."


def test_weak_evidence_asks_which_article_is_meant() -> None:
    draft = last(passages=(passage(0.2), passage(0.1, "Other")))
    assert (draft.step, draft.sources) == (Step.ASK, ())
    assert "Is this about “Restart” or about “Other”?" in draft.text


def test_weak_evidence_after_a_question_back_calls_people() -> None:
    draft = last(passages=(passage(0.2),), was_asked_back=True)
    assert (draft.step, bool(draft.reason)) == (Step.HAND_OVER, True)


def test_known_answer_is_given_even_while_people_are_on_their_way() -> None:
    assert last(passages=(passage(0.9),), is_handed_over=True, call=Call.ASKED).step == Step.ANSWER
    assert last(is_handed_over=True).text == builtin.NOTED


# --- What a message asks for --------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "I want to talk to a human", "human please", "Can I speak with somebody from your team?", "agent",
        "Please connect me to an agent.", "Ich möchte mit einem Menschen sprechen", "Je veux parler à quelqu'un",
        "Quiero hablar con una persona", "get me a real person now", "Escalate this to a supervisor",
        "please hand this over to a person", "I'd like to speak to your manager",
    ],
)  # fmt: skip
def test_wish_for_a_person_is_understood(text: str) -> None:
    assert intents.asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "How do I add an agent to my team?", "I don't want to talk to a person", "How do I transfer a ticket to the team?",
        "can a person reset my password", "how do I invite a person to my workspace", "Does the export connect to an agent?",
        "Is there an API to talk to your team endpoint", "how do I write to a person's profile",
    ],
)  # fmt: skip
def test_question_about_people_is_no_wish_for_one(text: str) -> None:
    assert not intents.asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    ["Thanks, that worked!", "Great, it works now", "Perfect, problem solved.", "That fixed it", "all good, thanks"],
)
def test_customer_who_is_content_is_understood(text: str) -> None:
    assert intents.is_settled(text)


@pytest.mark.parametrize(
    "text",
    [
        "that did not work",
        "it works but slow",
        "Does it work now?",
        "it still fails",
        "thanks",
        "That helps, but how",
        "x" * 200,
    ],
)
def test_anything_else_goes_on(text: str) -> None:
    assert not intents.is_settled(text)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("I want a refund", "refund"),
        ("refunds!", "refund"),
        ("a claim that is legal", "legal claim"),
        ("legal", ""),
        ("", ""),
    ],
)
def test_topic_needs_all_of_its_words(text: str, topic: str) -> None:
    assert intents.topic_of(text, ("refund", "legal claim", "?")) == topic


@pytest.mark.django_db
def test_details_of_the_earlier_customer_are_not_quoted(in_acme: Workspace, ben: Member) -> None:
    maria = ContactFactory(workspace=in_acme, name="Maria Rossi", email="maria@example.com", external_id="cus-900")
    row = ConversationFactory(
        workspace=in_acme,
        contact=maria,
        subject="Order NW-23721",
        body="My station WS2-8265A1 runs 4.2.0 and is offline.",
    )
    reply(
        row,
        "Hi Maria Rossi,\nSet it up anew. WS2-8265A1 has 4.2.0. Order nw-23721 is on its way to maria@example.com.",
        by=ben.actor,
    )
    actions.set_status(conversation=row, status="resolved", by=ben.actor, at=clock.now())
    (found,) = knowledge_search.similar(stems.significant(["My station is offline since it runs 4.2.0"]), Audience.KEY)
    assert found.text == "Set it up anew."
    assert found.asked == ""


@pytest.mark.django_db
def test_number_and_name_of_later_messages_are_not_quoted_either(in_acme: Workspace, ben: Member) -> None:
    may = ContactFactory(workspace=in_acme, name="May Bell")
    row = ConversationFactory(workspace=in_acme, contact=may, subject="Offline", body="My station is offline.")
    receive(row, 'It is WS2-8265A1, at "https://bell.example", and my son has it too: son@bell.example.')
    reply(
        row,
        "Hello May, you may restart it now. WS2-8265A1 is new. Allow https://bell.example; we told son@bell.example.",
        by=ben.actor,
    )
    actions.set_status(conversation=row, status="resolved", by=ben.actor, at=clock.now())
    (found,) = knowledge_search.similar(stems.significant(["My station is offline"]), Audience.KEY)
    assert found.text == "You may restart it now."


@pytest.mark.django_db
def test_long_runs_of_signs_stall_nothing(in_acme: Workspace, ben: Member) -> None:
    row = ConversationFactory(workspace=in_acme, subject="Offline", body="My station is offline. " + "1-" * 15_000)
    reply(row, f"Restart it. {'1-' * 15_000}", by=ben.actor)
    actions.set_status(conversation=row, status="resolved", by=ben.actor, at=clock.now())
    (found,) = knowledge_search.similar(stems.significant(["My station is offline"]), Audience.KEY)
    assert found.text == "Restart it."


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("Hi Bo,\n\npress both.\n\nBest regards,\nJonas", "press both."),
        ("Press both.\n\nKind regards", "Press both."),
        ("Press both.\nThanks for your patience, and tell us whether it helps.", "Press both.\nThanks for your patience, and tell us whether it helps."),
        ("Cheers", "Cheers"),
        ("## What to do\nPress both. #1 is left.", "What to do\nPress both. #1 is left."),
    ],
)  # fmt: skip
def test_signature_of_an_earlier_answer_is_left_out(answer: str, wanted: str) -> None:
    assert builtin._plain(answer) == wanted
