"""Customers' words are shown as they were written, and never run."""

from __future__ import annotations

import re
import time
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts import clock
from accounts.models import Workspace
from conversations import actions
from conversations.models import Conversation
from conversations.screens import errors, formatting
from conversations.screens.inbox import naming, timeline
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, receive

EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'"
TEMPLATES = Path(settings.BASE_DIR) / "templates"


class Markup(HTMLParser):
    """The elements of a page, as a browser would find them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


@pytest.fixture
def evil(acme: Workspace, ben: Member) -> Conversation:
    """A conversation in which everything that a stranger can choose is hostile."""
    contact = ContactFactory(workspace=acme, name=EVIL, external_id=EVIL, company=EVIL)
    made = ConversationFactory(workspace=acme, contact=contact, subject=EVIL, body=EVIL, priority=EVIL[:32])
    receive(made, f'`{EVIL}`\n```\n{EVIL}\n```\nhttps://example.com/"><script>alert(1)</script>')
    actions.set_tags(conversation=made, names=[EVIL], by=ben.actor, at=clock.now())
    actions.escalate(conversation=made, reason=EVIL, by=ben.actor, at=clock.now())
    ben.user.name = EVIL
    ben.user.save()
    actions.assign(conversation=made, to=ben.user, by=ben.actor, at=clock.now())
    return made


def test_nothing_hostile_reaches_the_page_as_markup(agent: Client, evil: Conversation) -> None:
    paths = (
        "",
        "?view=mine",
        f"?q={EVIL}",
        "/1",
        "/1?view=mine",
        f"/rows?view=mine&id={evil.pk}",
        "/1/fresh?message=0&event=0",
    )
    for path in paths:
        markup = Markup(agent.get(f"/w/acme/inbox{path}").content.decode())
        assert not [tag for tag in markup.tags if tag in ("img", "iframe", "style")], path
        assert all(attributes.get("src") for tag, attributes in markup.elements if tag == "script"), path
        assert not [name for _, attributes in markup.elements for name in attributes if name.startswith("on")], path
    assert "&lt;script&gt;alert" in agent.get("/w/acme/inbox/1").content.decode()


def test_pages_hold_no_inline_script_or_style(agent: Client, evil: Conversation) -> None:
    for path in ("/w/acme/inbox", "/w/acme/inbox/1", "/accounts/logout/", "/?choose"):
        answer = agent.get(path)
        markup = Markup(answer.content.decode())
        assert "style" not in markup.tags, path
        for tag, attributes in markup.elements:
            assert tag != "script" or attributes.get("src"), path
            assert not [name for name in attributes if name == "style" or name.startswith("on")], path
        assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_no_template_trusts_text_or_styles_inline() -> None:
    for path in TEMPLATES.rglob("*.html"):
        source = path.read_text()
        assert "style=" not in source, path
        assert not re.search(r"\son[a-z]+=\"", source), path
        if "|safe" in source:  # Django's own description of the password rules, a list.
            assert source.count("|safe") == 1, path
            assert "field.help_text|safe" in source, path


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("a\nb\n\nc", '<p dir="auto">a</p><p dir="auto" class=on>b</p><p dir="auto">c</p>'),
        ("see `a<b`", '<p dir="auto">see <code dir="ltr">a&lt;b</code></p>'),
        ("```\n<b>\n```", '<pre dir="ltr"><code>&lt;b&gt;</code></pre>'),
        ("```js\nx", '<pre dir="ltr"><span class="language">js</span><code>x</code></pre>'),
        ("```my printer\nx", '<pre dir="ltr"><code>my printer\nx</code></pre>'),
        ("a\n```x = 1``` works", '<p dir="auto">a</p><pre dir="ltr"><code>x = 1</code></pre><p dir="auto">works</p>'),
        (
            "```\nx\n``` and ```y```",
            '<pre dir="ltr"><code>x</code></pre><p dir="auto">and ``<code dir="ltr">y</code>``</p>',
        ),
        ("1 < 2 & 3", '<p dir="auto">1 &lt; 2 &amp; 3</p>'),
        (
            "https://a.example/?x=1&y=2.",
            '<p dir="auto"><a dir="ltr" href="https://a.example/?x=1&amp;y=2" rel="noopener noreferrer nofollow" target="_blank">'
            "https://a.example/?x=1&amp;y=2</a>.</p>",
        ),
        ("javascript:alert(1)", '<p dir="auto">javascript:alert(1)</p>'),
        ("data:text/html,x", '<p dir="auto">data:text/html,x</p>'),
        ("", ""),
        (None, ""),
    ],
)
def test_plain_text_becomes_paragraphs_code_and_links(body: str | None, html: str) -> None:
    assert formatting.prose(body) == html


WORDS = st.sampled_from(["```", "``` ", "`", "\n", " ", "    ", "````", "help", "js", "ملف", "https://a.example/x"])


@given(st.lists(WORDS, max_size=20).map("".join))
def test_every_word_of_a_text_is_shown_whatever_fences_are_around_it(body: str) -> None:
    shown = unescape(re.sub(r"<[^>]*>", "", formatting.prose(body)))
    assert re.sub(r"[\s`]", "", shown) == re.sub(r"[\s`]", "", body)


@pytest.mark.parametrize("body", ["`" * 200_000, "```\n" * 50_000, "(((" * 60_000, "a.com " * 30_000, "\n" * 200_000])
def test_no_text_stalls_the_page(body: str) -> None:
    began = time.process_time()  # of this process alone, however busy the machine is
    formatting.prose(body)
    assert time.process_time() - began < 1


def test_very_long_message_is_cut_with_a_link_to_the_whole(agent: Client, conversation: Conversation) -> None:
    message = receive(conversation, "word " * 10_000 + "the end")
    html = agent.get("/w/acme/inbox/1").content.decode()
    assert "the end" not in html
    url = f"/w/acme/inbox/1/messages/{message.pk}"
    assert url in html
    whole = agent.get(url)
    assert whole["Content-Type"] == "text/plain; charset=utf-8"
    assert whole.content.endswith(b"the end")


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada@example.com", "AD"),
        ("x", "X"),
        ("", "?"),
        ("<b> y", "Y"),
        ("张 伟", "张伟"),
        ("…", "?"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert formatting.initials(name) == letters


def test_lines_escape_names(acme: Workspace, evil: Conversation) -> None:
    from accounts import tenancy
    from conversations.queries import thread as thread_queries

    with tenancy.scope(acme):
        entries = timeline.entries(thread_queries.thread(evil).items)
    text = " ".join(entry.text for entry in entries if entry.is_line)
    assert "<script" not in text
    assert "&lt;script" in text


def test_labels_of_hues_have_a_class_in_the_style_sheet() -> None:
    sheet = (Path(settings.BASE_DIR) / "conversations/static/screens/hues.css").read_text()
    for name in ("api", "billing", "Ada Lovelace", EVIL):
        assert f".{formatting.hue(name, {})} " in sheet
        assert f".{formatting.hue(name, {name: 359})} " in sheet


def test_words_of_an_unknown_fault_are_still_words() -> None:
    from accounts.errors import Invalid

    assert errors.of_error(Invalid("it is odd", field="oddity")) == "That did not work: it is odd."


@pytest.mark.parametrize("body", ["See #{number}, @Ada", "@Ada: #{number}"])
def test_mention_in_the_subject_of_a_linked_conversation_stays_text(acme: Workspace, body: str) -> None:
    """Nothing but the text of a note is marked: not what stands in an attribute of a link."""
    from accounts import tenancy

    subject = "For @Ada & <b>@Ben</b> in #7"
    with tenancy.scope(acme):
        html = naming.html(formatting.prose(body.format(number=7)), {7: subject}, ["Ada", "Ben"])
    markup = Markup(html)
    assert [attrs.get("title") for tag, attrs in markup.elements if tag == "a"] == [subject]
    assert [tag for tag, _ in markup.elements if tag == "b"] == ["b"]
