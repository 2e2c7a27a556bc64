"""Answers of earlier conversations are redacted: sentences with details of one customer are left out."""

from __future__ import annotations

import pytest

from accounts import clock
from accounts.models import Workspace
from conversations import actions
from conversations.assistant.engines import builtin
from conversations.assistant.engines.protocol import Question, Turn
from conversations.knowledge import redaction, stems
from conversations.knowledge import search as knowledge_search
from conversations.knowledge.passages import SourceKind
from conversations.models import Article, Audience
from tests.conftest import Member
from tests.factories import ArticleFactory, ContactFactory, ConversationFactory, reply

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]

PEOPLE = ["Maria Rossi", "maria@example.com", "Jonas Weber", "王小明", "Zoë"]
GONE = [
    "Your order 48151623 is on its way.", "It costs 12,50 €.", "We refunded $40 to you.", "You get it on 3 May.", "Call +49 170 5550123.",
    "It ships tomorrow.", "It was sent last week.", "It takes two days.", "We close on Monday.", "It arrives in an hour.",
    "Maria has seen it.", "Jonas will call you.", "Tell that to Weber, please.", "Zoe knows more.", "Ask for Philippa in the shop.",
    "We gave it to Acme Logistics.", "See https://x.example/your-page.", "Write to ann@x.example.", "Mr. Smith has signed it.",
    "Wir schicken es morgen.", "Ihre Bestellung kommt nächste Woche.", "Das kostet zwanzig Euro.", "Frau Schmidt ruft Sie an.",
    "Das hat Karl Schmidt gesagt.", "Bitte wenden Sie sich an Firma Nordlicht Solar.",
    "Lo enviamos mañana.", "Llega la semana que viene.", "Nous l'envoyons demain.", "Il arrive dans une heure.",
    "我们明天寄出。", "王小明会联系您。", "张先生会打电话给您。", "需要三天。", "明日発送します。", "田中さんが担当します。", "내일 보내 드립니다.",
    "김민수님이 연락드립니다.", "พรุ่งนี้เราจะส่ง.", "Мы отправим завтра.", "Вам позвонит Ольга.", "سنرسله غدا.", "الرقم ٤٢ جاهز.",
]  # fmt: skip
KEPT = [
    "Hold the button down until the lamp blinks.", "Hold both buttons for ten seconds.", "Restart the router and try it again.", "Open the Settings page, please.",
    "The PDF is in your account.", "I think that I'm right.", "Keep the box.", "Drücken Sie die Taste, bis die Lampe blinkt.",
    "Der Router startet dann neu.", "Mantenga pulsado el botón.", "请长按按钮。", "ボタンを長押ししてください。", "버튼을 길게 누르세요.",
    "- Restart the router.", "1. Restart the router.", "Перезапустите роутер.", "أعد تشغيل الجهاز.",
]  # fmt: skip


def redacted(text: str) -> str:
    articles = knowledge_search._articles(Audience.KEY)
    (left,) = redaction.redacted([text], articles=articles, people=PEOPLE)
    return left


def test_sentence_with_a_detail_is_left_out(acme: Workspace) -> None:
    ArticleFactory(workspace=acme, title="Settings", body="The Settings page has it all.")
    assert [
        text
        for text in GONE
        if redacted(f"Restart it. {text} Then wait.".replace("  ", " ")) not in ("Restart it. Then wait.",)
    ] == []


def test_sentence_without_one_stays(acme: Workspace) -> None:
    ArticleFactory(workspace=acme, title="Settings", body="The Settings page has it all.")
    assert [text for text in KEPT if redacted(text) != text] == []


def test_detail_in_an_article_may_be_quoted(acme: Workspace) -> None:
    text = "Firmware 4.2.0 is on the Downloads page. Returns are free for 30 days. It takes two weeks."
    assert redacted(text) == ""
    ArticleFactory(
        workspace=acme, title="Reset", body="Two weeks. See Downloads for 4.2.0, within 30 days.", published=False
    )
    assert redacted(text) == ""
    ArticleFactory(workspace=acme, title="Reset", body="Two weeks. See Downloads for 4.2.0, within 30 days.")
    assert redacted(text) == text
    assert redacted("Hold it for 4.2 seconds, 300 days.") == ""


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "Hello Maria,\n\nrestart the router.\n\nYour order 4711 is on its way.\n\nBest regards,\nJonas",
            "restart the router.",
        ),
        ("Hi May, you may restart it now. It ships tomorrow.", "You may restart it now."),
        ("Hello Maria.\nYour order 4711 ships tomorrow.", ""),
        ("Hello …,\n4711 is yours.", ""),
        ("Dr. Weber has seen it. Restart the router.", "Restart the router."),
        ("Do this:\n\n1. Restart it.\n2. Enter 4711.\n3. Wait.", "Do this:\n\n1. Restart it.\n3. Wait."),
        ("", ""),
    ],
)
def test_greetings_and_what_is_empty_go(acme: Workspace, text: str, left: str) -> None:
    assert redacted(text) == left


def test_nothing_left_is_no_suggestion_for_agents_or_customers(acme: Workspace, ben: Member) -> None:
    maria = ContactFactory(workspace=acme, name="Maria Rossi")
    for answer in (
        "Your parcel 4711 arrives tomorrow.",
        "Restart the router. Your parcel 4711 arrives tomorrow, Maria.",
    ):
        row = ConversationFactory(
            workspace=acme, contact=maria, subject="x", body="My blue router blinks all night long"
        )
        reply(row, answer, by=ben.actor)
        actions.set_status(conversation=row, status="resolved", by=ben.actor, at=clock.now())
        for audience, contact in ((Audience.TEAM, None), (Audience.CUSTOMER, maria)):
            found = knowledge_search.similar(
                stems.significant(["Why does my blue router blink all night?"]), audience, contact=contact
            )
            texts = [one.text for one in found if one.kind == SourceKind.CONVERSATION]
            assert texts == (["Restart the router."] if "Restart" in answer else [])
        turns = (Turn(True, "x"),)
        draft = builtin.Builtin().draft(
            Question(subject="x", customer_name="Dr. Ann Lee", turns=turns, passages=tuple(found))
        )
        assert draft.text == ("Hello Ann,\n\nRestart the router." if found else None)
    assert not Article.objects.exists()
