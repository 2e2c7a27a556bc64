"""Knowledge is found without accents, in inflected words, and in scripts without spaces."""

from __future__ import annotations

import pytest

from accounts.models import Workspace
from conversations.assistant.engines import builtin
from conversations.knowledge import queries as knowledge_queries
from conversations.knowledge import search as knowledge_search
from conversations.knowledge import stems
from conversations.models import Audience
from tests.factories import ArticleFactory, MacroFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]

ARTICLES = [
    ("Cómo restablecer la contraseña", "Para restablecer la contraseña abra Ajustes y pulse Olvidé mi contraseña."),
    ("如何重置密码", "打开设置，点击忘记密码，您会收到一封电子邮件。"),
    ("Kündigung eines Vertrags", "Verträge können mit einer Frist von vierzehn Tagen gekündigt werden."),
    ("パスワードを再設定する", "設定を開き、「パスワードを忘れた」を押すと、メールが届きます。"),
    ("비밀번호 재설정", "설정을 열고 비밀번호 찾기를 누르면 이메일이 도착합니다."),
    ("วิธีรีเซ็ตรหัสผ่าน", "เปิดการตั้งค่า แล้วกดลืมรหัสผ่าน ระบบจะส่งอีเมลให้คุณ"),
    ("Как сменить пароль", "Откройте настройки и нажмите «Забыл пароль»."),
    ("Annuler un abonnement", "Les abonnements peuvent être annulés à tout moment dans les réglages."),
]  # fmt: skip
QUESTIONS = [
    ("como puedo restablecer la contrasena", 0), ("¿Cómo puedo restablecer la contraseña?", 0), ("RESTABLECER CONTRASEÑAS", 0),
    ("我忘记密码了，怎么重置密码？", 1), ("请问怎么重置我的密码", 1),
    ("Wie kann ich den Vertrag kündigen?", 2), ("Wie kann ich meinen Vertrag kuendigen", 2), ("Kundigung Vertrag", 2),
    ("Kündigungen von Verträgen", 2),
    ("パスワードを忘れました。再設定したいです。", 3), ("비밀번호를 재설정하고 싶어요", 4), ("비밀번호는 어떻게 재설정하나요?", 4),
    ("ลืมรหัสผ่าน รีเซ็ตรหัสผ่านอย่างไร", 5), ("Забыл пароль, как сменить?", 6), ("Comment annuler mon abonnement ?", 7),
]  # fmt: skip


@pytest.mark.parametrize(("question", "expected"), QUESTIONS)
def test_question_is_answered_from_its_article(acme: Workspace, question: str, expected: int) -> None:
    for title, body in ARTICLES:
        ArticleFactory(workspace=acme, title=title, body=body)
    (best, *_) = knowledge_search.similar(stems.significant([question]), Audience.CUSTOMER)
    assert best.title == ARTICLES[expected][0]
    assert best.share >= builtin.ENOUGH


@pytest.mark.parametrize(
    ("alone", "question"),
    [(n, question) for question, n in QUESTIONS],
)
def test_question_is_answered_where_its_article_is_the_only_one(acme: Workspace, alone: int, question: str) -> None:
    title, body = ARTICLES[alone]
    ArticleFactory(workspace=acme, title=title, body=body)
    (best,) = knowledge_search.similar(stems.significant([question]), Audience.CUSTOMER)
    assert best.share >= builtin.ENOUGH


@pytest.mark.parametrize(
    "question", ["天气怎么样？", "Wo liegt Berlin?", "What is the weather like in Berlin today?", "今日の天気は？"]
)
def test_other_questions_are_not_answered(acme: Workspace, question: str) -> None:
    for title, body in ARTICLES:
        ArticleFactory(workspace=acme, title=title, body=body)
    assert all(
        one.share < builtin.ENOUGH for one in knowledge_search.similar(stems.significant([question]), Audience.CUSTOMER)
    )


def test_knowledge_search_finds_other_forms_and_scripts(acme: Workspace) -> None:
    for n, (title, body) in enumerate(ARTICLES):
        ArticleFactory(workspace=acme, title=title, body=body)
        MacroFactory(workspace=acme, name=f"{n}", body=f"{title} {body}")
    for typed, n in (
        ("contrasena", 0), ("contraseñas", 0), ("密码", 1), ("重置", 1), ("Kundigung", 2), ("kündigen", 2), ("Kuendigung", 2),
        ("Vertrag", 2), ("Vertraege", 2), ("再設定", 3), ("비밀번호를", 4), ("재설정", 4), ("รหัสผ่าน", 5), ("ПАРОЛЬ", 6), ("annulation", 7),
    ):  # fmt: skip
        view = knowledge_queries.ARTICLE_VIEWS["all"]
        assert ARTICLES[n][0] in [row.title for row in knowledge_queries.article_page(view, search=typed).rows], typed
        assert str(n) in [row.name for row in knowledge_queries.macro_page(search=typed).rows], typed
