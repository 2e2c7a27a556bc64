"""What the team writes is Markdown, which its readers see formatted: in the thread, in mails and in the chat."""

from __future__ import annotations

import re
import time
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Workspace
from conversations.models import Conversation
from conversations.texts import prose, rich
from tests.conftest import Member
from tests.factories import receive
from tests.inbox.test_escaping import EVIL, Markup

P = '<p dir="auto">'
ON = '</p><p dir="auto" class="on">'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**a** *b* ~~c~~", f"{P}<strong>a</strong> <em>b</em> <s>c</s></p>"),
        ("one\n**two**\n\nthree", f"{P}one{ON}<strong>two</strong></p>{P}three</p>"),
        ("**one\ntwo**", f"{P}<strong>one<br>two</strong></p>"),
        ("Do:\n- a\n- *b*\nThanks", f'{P}Do:</p><ul dir="auto"><li>a</li><li><em>b</em></li></ul>{P}Thanks</p>'),
        ("3. c\n4. d", '<ol dir="auto" start="3"><li>c</li><li>d</li></ol>'),
        ("- a\n  - b", '<ul dir="auto"><li>a<ul dir="auto"><li>b</li></ul></li></ul>'),
        ("> theirs\nmine", f'<blockquote dir="auto">{P}theirs</p></blockquote>{P}mine</p>'),
        ("*a* `b<c`", f'{P}<em>a</em> <code dir="ltr">b&lt;c</code></p>'),
        ("*a*\n```js\n*b*\n```", f'{P}<em>a</em></p><pre dir="ltr"><span class="language">js</span><code>*b*</code></pre>'),
        ("*x* & <b> &amp;", f"{P}<em>x</em> &amp; &lt;b&gt; &amp;amp;</p>"),
        (r"**C:\_a** \\b", rf"{P}<strong>C:\_a</strong> \\b</p>"),
    ],
)  # fmt: skip
def test_marks_become_structure(text: str, html: str) -> None:
    assert rich.html(text) == html


@pytest.mark.parametrize(
    "text", ["a\nb", "snake_case_name 2 * 3 * 4", "# 41 | a | b |", "a\n---\nb", "-5 °C", "`code` https://a.example/x_y", "```\nx\n```"]
)  # fmt: skip
def test_text_without_marks_is_as_it_was(text: str) -> None:
    assert rich.html(text) == prose.html(text)


def test_words_are_links_to_where_they_lead_and_pictures_are_not_loaded() -> None:
    html = rich.html("[the *docs*](https://a.example/?b=1&c=2) ![map](https://a.example/m.png) **www.b.example**")
    links = [attributes for tag, attributes in Markup(html).elements if tag == "a"]
    assert [one["href"] for one in links] == [
        "https://a.example/?b=1&c=2",
        "https://a.example/m.png",
        "https://www.b.example",
    ]
    assert {(one["rel"], one["target"]) for one in links} == {("noopener noreferrer nofollow", "_blank")}
    assert "<img" not in html


HOSTILE = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "//a.example",
    "/admin/",
    "jav\tascript:x",
]


@pytest.mark.parametrize("target", HOSTILE)
def test_other_targets_are_no_links(target: str) -> None:
    html = rich.html(f"**x** [y]({target}) ![z]({target}) <{target}>")
    assert "<a" not in html
    assert target in unescape(html)


@pytest.mark.parametrize(
    "frame",
    ["**{}**", "- {}", "> {}", "[{}](https://a.example)", "**a** `{}`", "*a*\n```{}\nx", '[x](https://a.example "{}")'],
)
def test_nothing_hostile_becomes_an_element_or_a_handler(frame: str) -> None:
    markup = Markup(rich.html(frame.format(EVIL)))
    assert {*markup.tags} <= {
        "p",
        "strong",
        "em",
        "s",
        "a",
        "code",
        "pre",
        "span",
        "ul",
        "ol",
        "li",
        "blockquote",
        "br",
    }
    assert not [name for _, attributes in markup.elements for name in attributes if name.startswith(("on", "style"))]


PIECES = [
    ">",
    "*a",
    "[",
    "- ",
    "**",
    "`*",
    "_",
    "*x\n",
    "- *x\n",
    "[a](",
    "![a](",
    "1. x\n ",
    "<http://",
    "~~a",
    "> - ",
]


@pytest.mark.parametrize("piece", PIECES)
def test_no_text_stalls_its_reader(piece: str) -> None:
    began = time.process_time()  # of this process alone, however busy the machine is
    rich.html(piece * (20_000 // len(piece)))
    assert time.process_time() - began < 1


WORDS = st.sampled_from(
    ["*", "**", "_", "~~", "\n", "\n\n", " ", "> ", "- ", "1. ", "`", "[", "](", "help", "ملف", "```"]
)


@given(st.lists(WORDS, max_size=20).map("".join))
def test_no_word_is_lost_whatever_marks_are_around_it(text: str) -> None:
    shown = unescape(re.sub(r"<[^>]*>", "", rich.html(text)))
    assert shown.count("help") == text.count("help")
    assert shown.count("ملف") == text.count("ملف")


@pytest.mark.parametrize(("first", "next_line"), [("", ""), ("> ", "> "), ("- ", "  ")])
def test_words_beside_a_fence_are_shown_also_in_quotes_and_lists(first: str, next_line: str) -> None:
    named = rich.html(f"*a*\n{first}```python\n{next_line}x = 1\n{next_line}```")
    assert '<span class="language">python</span><code>x = 1</code>' in named
    assert "<code>help me\nx = 1</code>" in rich.html(f"*a*\n{first}``` help me\n{next_line}x = 1").replace(
        "<code> ", "<code>"
    )


def test_each_line_has_a_direction_of_its_own() -> None:
    assert rich.html("Order **77**\nمرحبا *Ada*\n- ملف").count('dir="auto"') == 3


def test_thread_formats_what_the_team_wrote_and_leaves_what_customers_wrote(
    acme: Workspace, conversation: Conversation, ben: Member
) -> None:
    client = ben.signed_in()
    receive(conversation, "I paid **2** times")
    client.post(f"/w/acme/inbox/{conversation.number}/reply", {"body": "Sorry, **all** is back."})
    client.post(f"/w/acme/inbox/{conversation.number}/note", {"body": "- checked\n- see #1"})
    page = client.get(f"/w/acme/inbox/{conversation.number}").content.decode()
    assert "I paid **2** times" in page
    assert "Sorry, <strong>all</strong> is back." in page
    assert re.search(r'<li>checked</li><li>see <a href="[^"]*/1"', page)
