"""HTML of mails: safe to show, with what it quotes folded, and readable as text."""

from __future__ import annotations

import re

import nh3
import pytest

from conversations.mail import limits
from conversations.mail.html import TAGS, sanitise, with_images
from conversations.mail.html_balance import balanced
from conversations.mail.html_text import to_text
from conversations.mail.parsing import parse
from tests.mail.building import html

ATTRIBUTES = {
    "alt",
    "title",
    "style",
    "href",
    "target",
    "rel",
    "data-remote",
    "data-cid",
    "class",
    "width",
    "height",
    "align",
}
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><animate onbegin=alert(1)>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' java\tscript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<iframe src='https://evil.example'></iframe>",
    "<form action='https://evil.example'><input name=password></form>",
    "<style>body{display:none}</style>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href='https://evil.example/'>",
    "<p style='background:url(https://evil.example/x)'>x</p>",
    "<p style='background-color:u\\72l(https://evil.example/x)'>x</p>",
    "<p style='width:expression(alert(1))'>x</p>",
    "<p style='color:red;position:fixed;top:0'>x</p>",
    "<table background='https://evil.example/x'><tr><td background='https://evil.example/x'>x</table>",
    "<img srcset='https://evil.example/x 2x' src='https://evil.example/y'>",
    "<img data-remote='https://evil.example/x' data-cid=x>",
    "<video src='https://evil.example/x' poster='https://evil.example/y'></video>",
    "<object data='https://evil.example/x'></object><embed src='https://evil.example/x'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<p title='\"><script>alert(1)</script>'>x</p>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<details class=quote open ontoggle=alert(1)>x</details>",
    "<a href='//evil.example' target=_self onclick=alert(1)>x</a>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_runs_and_nothing_is_loaded(attack: str) -> None:
    safe = sanitise(f"<p>Hello</p>{attack}<p>there</p>").html
    assert safe is not None
    assert "Hello" in safe
    for name, attributes in re.findall(r"</?([a-zA-Z0-9]+)([^>]*)>", safe):
        assert name in TAGS
        for attribute, value in re.findall(r"([^\s=\"]+)=\"([^\"]*)\"", attributes):
            assert attribute in ATTRIBUTES, attributes
            assert not (attribute == "style" and re.search(r"url|expression|position|\\\\", value)), value
            assert not (attribute == "href" and not re.match(r"(?:https?|mailto|tel):", value)), value
        assert not re.sub(r"[^\s=\"]+=\"[^\"]*\"", "", attributes).strip(), attributes


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_safe_stays_as_it_is_when_it_is_sanitised_again(attack: str) -> None:
    once = sanitise(attack).html
    assert once is not None
    allowed = {
        tag: {"style", "class", "data-remote", "data-cid", "href", "title", "alt", "target", "rel"} for tag in TAGS
    }
    assert nh3.clean(once, tags=set(TAGS), attributes=allowed, link_rel=None) == once


def test_links_open_elsewhere_and_do_not_say_where_they_come_from() -> None:
    safe = sanitise("<a href='https://x.example/?a=1&b=2'>x</a><a href='/w/acme'>y</a>").html
    assert safe == (
        '<a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">x</a>'
        '<a target="_blank" rel="noopener noreferrer nofollow">y</a>'
    )


def test_remote_images_wait_until_they_are_asked_for() -> None:
    found = sanitise(
        "<p>Hi<img src='https://x.example/a.png?a=1&b=2' alt='A>B'><img src='//x.example/c.png'><img src='cid:d@x'>"
    )
    assert found.html is not None
    assert (found.remote_images, found.cids) == (2, {"d@x"})
    assert " src=" not in found.html
    shown = with_images(found.html, {"d@x": "/files/1?s=2&t=3"}.get)
    assert re.findall(r' src="([^"]*)"', shown) == ["/files/1?s=2&amp;t=3"]
    loaded = with_images(found.html, {}.get, remote=True)
    assert re.findall(r' src="([^"]*)"', loaded) == ["https://x.example/a.png?a=1&amp;b=2", "https://x.example/c.png"]


def test_text_that_looks_like_an_image_stays_text() -> None:
    safe = sanitise('<p>&lt;img data-remote="https://evil.example/x"</p>').html
    assert safe is not None
    assert with_images(safe, lambda cid: "/x", remote=True) == safe


def test_looks_of_the_mail_are_kept() -> None:
    given = '<table width="600" bgcolor="#eee"><tr><td align="center" style="color:red;padding:4px"><font color="blue">Hi</font></td></tr></table>'
    safe = sanitise(given).html
    assert safe is not None
    for part in ('width="600"', 'bgcolor="#eee"', 'align="center"', "color:red", "padding:4px", 'color="blue"'):
        assert part in safe


def test_preview_text_that_is_hidden_is_not_shown() -> None:
    given = "<div style='display:none;max-height:0'>Preview <b>secret</b></div><p>Hello</p><div hidden>more</div>"
    assert sanitise(given).html == "<p>Hello</p>"
    assert to_text(given) == "Hello"


def test_mail_that_hides_everything_is_shown_whole() -> None:
    given = "<div style='display:none'>Hello</div>"
    assert "Hello" in (sanitise(given).html or "")
    assert to_text(given) == "Hello"


# --- Quotes ---------------------------------------------------------------------------------------

QUOTED = {
    "Gmail": '<div>Answer</div><div class="gmail_quote"><div class="gmail_attr">On x, B wrote:<br></div><blockquote>History</blockquote></div>',
    "Apple Mail": '<div>Answer</div><div><blockquote type="cite"><div>On x, B wrote:</div>History</blockquote></div>',
    "Thunderbird": '<p>Answer</p><div class="moz-cite-prefix">Am x schrieb B:<br></div><blockquote type="cite" cite="mid:x">History</blockquote>',
    "Yahoo": '<div>Answer</div><div id="yahoo_quoted_123" class="yahoo_quoted"><div>On x, B wrote:</div><div>History</div></div>',
    "Outlook": '<div class="WordSection1"><p>Answer</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in">'
    "<p><b>From:</b> B</p></div></div><p>History</p></div>",
    "Outlook on the web": '<div>Answer</div><hr id="stopSpelling"><div id="divRplyFwdMsg"><b>From:</b> B</div><div>History</div>',
    "Outlook, passed on": '<div>Answer</div><div id="x_divRplyFwdMsg"><b>From:</b> B</div><div>History</div>',
    "Proton": '<div>Answer</div><div class="protonmail_quote">On x B wrote:<blockquote>History</blockquote></div>',
    "Zoho": '<div>Answer</div><div class="zmail_extra">---- On x B wrote ---<blockquote>History</blockquote></div>',
    "Tutanota": '<div>Answer</div><blockquote class="tutanota_quote">History</blockquote>',
}  # fmt: skip


@pytest.mark.parametrize("program", QUOTED)
def test_history_is_folded(program: str) -> None:
    found = sanitise(QUOTED[program])
    assert found.has_quote
    assert found.html is not None
    above, mark, below = found.html.partition('<details class="quote"><summary>Quoted text</summary>')
    assert mark
    assert "Answer" in above
    assert "History" in below
    assert found.html.count("<details") == found.html.count("</details>") == 1


def test_answers_between_quotes_are_not_folded() -> None:
    given = (
        "<p>See</p><blockquote type=cite>One?</blockquote><p>Yes</p><blockquote type=cite>Two?</blockquote><p>No</p>"
    )
    safe = sanitise(given).html
    assert safe is not None
    outside = re.sub(r"<details.*?</details>", "", safe)
    assert ("Yes" in outside, "No" in outside, "One" in outside) == (True, True, False)


def test_answer_below_the_history_is_not_folded() -> None:
    safe = sanitise(f"{QUOTED['Thunderbird']}<p>More below</p>").html
    assert safe is not None
    assert "More below" in safe.partition("</details>")[2]


def test_mail_that_only_quotes_is_not_folded() -> None:
    found = sanitise('<div class="gmail_quote">Forwarded message<br>History</div>')
    assert not found.has_quote
    assert "<details" not in (found.html or "")


def test_quotes_in_quotes_fold_once() -> None:
    safe = sanitise("<p>x</p><blockquote type=cite>a<blockquote type=cite>b</blockquote></blockquote>").html
    assert safe is not None
    assert safe.count("<details") == 1


def test_signature_folds_by_itself() -> None:
    found = sanitise('<div>Answer</div><div class="gmail_signature">Ada, Engines Ltd</div>')
    assert '<details class="signature"><summary>Signature</summary>' in (found.html or "")
    assert not found.has_quote


def test_quote_inside_a_table_leaves_the_table_whole() -> None:
    safe = sanitise('<table><tr><td>Answer<div id="divRplyFwdMsg">From: B</div>History</td></tr></table><p>Footer').html
    assert safe is not None
    assert safe.endswith("History</details></td></tr></tbody></table><p>Footer</p>")


# --- Hostile --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bomb",
    [
        "<div>" * 100_000,
        "<div><table></div></table>" * 30_000,
        "<div><select></div></select>" * 30_000,
        "<div><textarea></div></textarea>" * 30_000,
        "<div title='</div>'>" * 30_000,
        "<h1><b>" * 100_000,
        "".join(f"<b id={number}>" for number in range(300)) + "<p>x" * 100_000,
        "<p>x</p>" * 100_000,
        "x" * (limits.HTML + 1),
    ],
    ids=lambda bomb: bomb[:30],
)
def test_html_that_would_cost_minutes_is_shown_as_plain_text(bomb: str) -> None:
    found = sanitise(bomb)
    assert found.html is None
    assert "plain text" in found.problem
    assert parse(html(f"<p>Hello</p>{bomb}")).text.startswith("Hello")


@pytest.mark.parametrize(
    "sloppy", ["<p>a" * 2_000, "<ul>" + "<li>a" * 2_000, "<table>" + "<tr><td>a" * 2_000, "<dl>" + "<dt>a<dd>b" * 1_000]
)
def test_elements_that_end_by_themselves_are_not_nested(sloppy: str) -> None:
    assert sanitise(sloppy).html is not None


def test_what_nh3_is_given_is_closed_and_shallow() -> None:
    given = (
        "".join(f"<b id={number}><font size={number}><p>x</b>" for number in range(50))
        + "<table><b>"
        + "<tr><td>y</b>" * 50
    )
    written = balanced(given, TAGS).html
    depth = deepest = 0
    for closing, name in re.findall(r"<(/?)([a-z0-9]+)", written):
        if name not in ("br", "hr", "img"):
            depth += -1 if closing else 1
            deepest = max(deepest, depth)
    assert depth == 0
    assert deepest <= limits.HTML_DEPTH


# --- As text --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<div>a<div>b</div></div>c", "a\nb\nc"),
        ("a  \n b&nbsp;c", "a b c"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<ol><li>a<li>b<ul><li>c</ul></ol>", "1. a\n2. b\n  - c"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"),
        ("<a href='https://x.example/long'>Click</a>", "Click (https://x.example/long)"),
        ("<a href='https://x.example/'>x.example</a>", "x.example"),
        ("<a href='mailto:a@x.example'>a@x.example</a>", "a@x.example"),
        ("<a href='javascript:x'>Click</a>", "Click"),
        ("<blockquote>a<br>b</blockquote>c", "> a\n> b\n\nc"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<h1>a</h1>b", "a\n\nb"),
        ("<img alt='Logo'>", "[Logo]"),
        ("<title>x</title><style>y</style><script>z</script>a<!-- b -->", "a"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("a < b", "a < b"),
        ("a<hr>b", "a\n---\nb"),
        ("<p>&#" + "9" * 5_000 + ";", "&#" + "9" * 5_000 + ";"),
    ],
)
def test_html_as_text(given: str, expected: str) -> None:
    assert to_text(given) == expected
