"""Articles are Markdown: what each mark becomes, what no mark can do, and how long a hostile text takes."""

from __future__ import annotations

import time

import pytest

from conversations.knowledge import markup
from conversations.models.knowledge import ARTICLE_LIMIT
from tests.inbox.test_escaping import EVIL, Markup

REL = 'target="_blank" rel="noopener noreferrer nofollow"'


def html(source: str) -> str:
    return markup.html(source).replace("\n", "")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\nb\n\nc", '<p dir="auto">a<br>b</p><p dir="auto">c</p>'),
        ("*a* **b** _c_ d_e_f 2 * 3 * 4", '<p dir="auto"><em>a</em> <strong>b</strong> <em>c</em> d_e_f 2 * 3 * 4</p>'),
        ("#no", '<p dir="auto">#no</p>'),
        ("- a\n- b\n  - c", '<ul dir="auto"><li>a</li><li>b<ul dir="auto"><li>c</li></ul></li></ul>'),
        ("- a\n\n- b", '<ul dir="auto"><li><p>a</p></li><li><p>b</p></li></ul>'),
        ("3. c\n4. d", '<ol start="3" dir="auto"><li>c</li><li>d</li></ol>'),
        ("-5 °C\n1.5 m", '<p dir="auto">-5 °C<br>1.5 m</p>'),
        ("> a\n\nb", '<blockquote><p dir="auto">a</p></blockquote><p dir="auto">b</p>'),
        ("a\n\n---\n\nb", '<p dir="auto">a</p><hr><p dir="auto">b</p>'),
        ("    a\n    b", '<p dir="auto">a<br>b</p>'),
        ("`a` b", '<p dir="auto"><code dir="ltr">a</code> b</p>'),
        ("```py\n## <b>- x\n```", '<pre dir="ltr"><code>## &lt;b&gt;- x</code></pre>'),
        ("```\nnever closed", '<pre dir="ltr"><code>never closed</code></pre>'),
        ("<b>a</b> <!-- b -->", '<p dir="auto">&lt;b&gt;a&lt;/b&gt; &lt;!-- b --&gt;</p>'),
        ("<div>\na\n</div>", '<p dir="auto">&lt;div&gt;<br>a<br>&lt;/div&gt;</p>'),
        ("", ""),
    ],
)
def test_marks_become_structure(source: str, expected: str) -> None:
    assert html(source) == expected


def test_table_has_the_direction_of_its_words_and_the_alignment_of_its_columns() -> None:
    assert html("|a|b|c|\n|---|--:|:-:|\n|1|`2`|*3*|") == (
        '<table dir="auto"><thead><tr><th>a</th><th class="right">b</th><th class="center">c</th></tr></thead>'
        '<tbody><tr><td>1</td><td class="right"><code dir="ltr">2</code></td><td class="center"><em>3</em></td></tr>'
        "</tbody></table>"
    )


def test_headings_stand_below_the_title_of_the_page() -> None:
    headings = "\n".join(f"{'#' * level} {level}" for level in range(1, 7))
    assert [tag for tag, _ in Markup(markup.html(f"{headings}\n\nBeneath\n===")).elements] == [
        *("h2", "h2", "h3", "h4", "h5", "h6", "h2")
    ]


@pytest.mark.parametrize(
    ("source", "href", "shown"),
    [
        ("see https://example.com/a_b_(c)?d=1&e=2.", "https://example.com/a_b_(c)?d=1&amp;e=2", None),
        ("https://example.com/_a_/*b*/c", "https://example.com/_a_/*b*/c", None),
        ("**www.example.com**, and more", "https://www.example.com", "www.example.com"),
        ("(help@example.com)", "mailto:help@example.com", "help@example.com"),
        ("<https://example.com/a>", "https://example.com/a", None),
        ("|a|\n|-|\n|https://example.com|", "https://example.com", None),
    ],
)
def test_address_is_a_link_from_left_to_right(source: str, href: str, shown: str | None) -> None:
    assert f'<a href="{href}" dir="ltr" {REL}>{shown or href}</a>' in html(source)


@pytest.mark.parametrize(
    ("source", "href", "shown"),
    [
        ("[how](https://example.com/a)", "https://example.com/a", "how"),
        ("[how][1]\n\n[1]: https://example.com/a", "https://example.com/a", "how"),
        ("[https://a.example](https://b.example)", "https://b.example", "https://a.example"),
        ("[call](tel:+4930123)", "tel:+4930123", "call"),
        ("[write](MAILTO:a@example.com)", "MAILTO:a@example.com", "write"),
        ("![a *b*](https://example.com/c.png)", "https://example.com/c.png", "a *b*"),
        ("![](https://example.com/c.png)", "https://example.com/c.png", "https://example.com/c.png"),
        ("[![a](https://example.com/c.png)](https://example.com/d)", "https://example.com/d", "a"),
    ],
)
def test_words_and_images_link_to_what_they_name(source: str, href: str, shown: str) -> None:
    assert html(source) == f'<p dir="auto"><a href="{href}" {REL}>{shown}</a></p>'


@pytest.mark.parametrize("code", ["`https://example.com`", "```\nhttps://example.com\n```"])
def test_address_in_code_is_no_link(code: str) -> None:
    assert "<a" not in html(code)


@pytest.mark.parametrize(
    "target",
    [
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "&#106;avascript:alert(1)", "vbscript:x", "data:text/html,x", "file:///x"),
        *("/w/acme", "//example.com", "a", "#a", "?a", "blob:x", "javascript&colon;x", "%6aavascript:x"),
    ],
)  # fmt: skip
def test_other_targets_are_no_links(target: str) -> None:
    for source in (f"[a]({target})", f"![a]({target})", f"<{target}>", f"[a]\n\n[a]: {target}"):
        assert not Markup(markup.html(source)).tags & {"a", "img"}, source


@pytest.mark.parametrize(
    "frame",
    [
        "{}", "# {}", "- {}", "> {}", "`{}`", "```\n{}\n```", "```{}\n```", "|{}|\n|-|\n|{}|", "[{}](https://x.example)",
        "[a](https://x.example '{}')", "[a](<https://x.example/{}>)", "![{}](https://x.example)", "<https://x.example/{}>",
        "https://x.example/{}", "[a]: https://x.example '{}'\n\n[a]", "**{}**", "&lt;{}&gt;", "\\{}",
    ],
)  # fmt: skip
def test_nothing_hostile_becomes_an_element_or_a_handler(frame: str) -> None:
    for evil in (EVIL, f'"{EVIL}', f"]({EVIL}", f"' onclick='{EVIL}"):
        for tag, attributes in Markup(markup.html(frame.replace("{}", evil))).elements:
            assert tag not in ("script", "img"), (frame, evil)
            assert set(attributes) <= {"dir", "href", "title", "rel", "target", "start", "class"}, (frame, evil)


@pytest.mark.parametrize("source", ["- " * 10_000 + "the end", ">" * 10_000 + "the end", "> - " * 10_000 + "the end"])
def test_what_is_nested_too_deeply_is_kept_as_text(source: str) -> None:
    shown = markup.html(source)
    assert "the end" in shown
    assert len(Markup(shown).elements) < 50


@pytest.mark.parametrize(
    "piece",
    [
        "[", "![", "[]", "[a](", "](", "*a **", "_", "`", "``a", "<a@", "&a", "\\", "> - ", "- ", "1. a\n2) b\n", "- a\n", "|a",
        "a|b\n-|\n", "[a\n", "[a]: b\n", "```\n~~~\n", "https://", "a@", "![a](https://x.example) ", "[https://x.example ",
    ],
)  # fmt: skip
def test_no_text_stalls_the_page(piece: str) -> None:
    source = piece * (ARTICLE_LIMIT // 2 // len(piece))
    began = time.process_time()  # of this process alone, however busy the machine is
    markup.html(source)
    assert time.process_time() - began < 4


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("## Head\nText `code`\n- a\n```py\nx", "Text code a x"),
        ("", ""),
        ("a\n\n\nb", "a b"),
        (
            "A **bold** [link](https://x.example) https://y.example ![cat](https://x.example)",
            "A bold link https://y.example cat",
        ),
        ("|a|b|\n|-|-|\n|c|d|", "a b c d"),
        ("{{customer.first_name}} <b>", "{{customer.first_name}} <b>"),
    ],
)
def test_opening_has_the_words_without_their_marks(source: str, line: str) -> None:
    assert markup.opening(source) == line
