"""Links of mails whose words name another address than they lead to."""

from __future__ import annotations

import pytest

from conversations.mail.html import sanitise
from conversations.texts.destinations import leads_elsewhere, with_destinations


@pytest.mark.parametrize(
    ("words", "href", "leads"),
    [
        ("https://bank.example/login", "https://evil.example/login", "evil.example"),
        ("bank.example", "https://bank.example.evil.example", "bank.example.evil.example"),
        ("  www.bank.example ", "http://203.0.113.9/x", "203.0.113.9"),
        ("Visit https://bank.example now", "https://evil.example", "evil.example"),
        ("https://bank.example@evil.example/", "https://evil.example/", "evil.example"),
        ("ada@bank.example", "mailto:ada@evil.example?subject=x", "ada@evil.example"),
        ("ada@bank.example", "https://evil.example", "evil.example"),
        ("bücher.example", "https://xn--bcher-kva.example/", None),
        ("bank.example", "https://login.bank.example", None),
        ("https://www.bank.example/a", "https://bank.example/b", None),
        ("ada@bank.example", "mailto:Ada@Bank.example", None),
        ("ada@bank.example", "https://bank.example/team/ada", None),
        ("Open your account", "https://evil.example", None),
        ("invoice.pdf", "https://files.example/1", None),
        ("Version 1.2.3", "https://files.example/1", None),
        ("bank.example", "#top", None),
        ("bank.example", "https://[broken", None),
    ],
)
def test_link_whose_words_name_another_host_is_known(words: str, href: str, leads: str | None) -> None:
    assert leads_elsewhere(words, href) == leads


def test_host_is_noted_behind_a_link_that_names_another_one() -> None:
    safe = sanitise(
        '<p><a title="a > b" href="https://evil.example/?a=1&amp;b=2"><b>https://bank</b>.example</a> and '
        '<a href="https://bank.example">bank.example</a></p>'
    ).html
    assert safe is not None
    noted = with_destinations(safe, lambda host: f"[{host}]")
    assert noted.count("[") == 1
    assert "</a>[evil.example] and" in noted
    assert noted.replace("[evil.example]", "") == safe
