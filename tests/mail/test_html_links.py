"""Links that read like another host's than they lead to."""

from __future__ import annotations

import pytest

from conversations.mail.html import sanitise
from conversations.mail.html_links import with_hosts


def shown(link: str) -> str:
    safe = sanitise(link).html or ""
    marked = with_hosts(safe, lambda host: f"leads to {host}")
    assert marked.startswith(safe.split("</a>")[0])
    return marked.partition('<small class="desk-host" dir="ltr">')[2].partition("</small>")[0]


@pytest.mark.parametrize(
    ("href", "text", "host"),
    [
        ("https://evil.example/x", "https://bank.example/x", "evil.example"),
        ("https://evil.example/x", "<b>bank</b>.example", "evil.example"),
        ("http://bank.example.evil.example", "www.bank.example", "bank.example.evil.example"),
        ("https://evil.example", "help@bank.example", "evil.example"),
        ("https://bank.example@evil.example/", "https://bank.example@evil.example/", "evil.example"),
        ("https://xn--bnk-fla.example", "bank.example", "xn--bnk-fla.example"),
        ("https://bänk.example", "bank.example", "xn--bnk-qla.example"),
        ("https://evil.example/?a=1&amp;b=2", "bank.example/login?a=1&amp;b=2", "evil.example"),
        ("https://203.0.113.5/x", "bank.example", "203.0.113.5"),
    ],
)
def test_a_link_that_reads_like_another_host_names_the_one_it_leads_to(href: str, text: str, host: str) -> None:
    assert shown(f'<p><a href="{href}">{text}</a> and on</p>') == f"leads to {host}"


@pytest.mark.parametrize(
    ("href", "text"),
    [
        ("https://www.bank.example/x", "bank.example"),
        ("https://bank.example", "https://www.Bank.example/login"),
        ("https://bänk.example", "bänk.example"),
        ("https://evil.example", "Pay here"),
        ("https://evil.example", "See bank.example for more"),
        ("https://evil.example", "version 4.2"),
        ("mailto:a@bank.example", "b@other.example"),
        ("tel:+4930", "bank.example"),
    ],
)
def test_other_links_stay_as_they_are(href: str, text: str) -> None:
    assert shown(f'<a href="{href}" title="x > y">{text}</a>') == ""


def test_what_is_named_is_text_however_many_and_long_the_links_are() -> None:
    link = '<a href="https://a.example">b.example</a>'
    assert with_hosts(link, lambda host: f"<{host}>").count("&lt;a.example&gt;") == 1
    assert with_hosts(f'<a href="https://a.example">{"b." * 50_000}</a>{link * 5_000}', str).count("<small") == 5_000
