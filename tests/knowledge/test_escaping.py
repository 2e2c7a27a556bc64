"""What is written in the knowledge base is shown as it was written, and never run."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Workspace
from conversations.models import Conversation
from conversations.screens.knowledge import formatting as knowledge
from tests.factories import ArticleFactory, MacroFactory
from tests.inbox.test_escaping import EVIL, Markup


def test_nothing_hostile_reaches_the_page_as_markup(agent: Client, acme: Workspace, conversation: Conversation) -> None:
    body = (
        f"{EVIL}\n\n## {EVIL}\n- {EVIL}\n1. {EVIL}\n```\n{EVIL}\n```\n`{EVIL}` {{{{customer.name}}}} {{{{{EVIL}}}}}\n\n"
        f'![{EVIL}](https://x.example/a.png "{EVIL}") [{EVIL}](javascript:alert(1))\n\n|{EVIL}|\n|:-|\n|{EVIL}|'
    )
    article = ArticleFactory(workspace=acme, title=EVIL, body=body)
    macro = MacroFactory(workspace=acme, name=EVIL, body=body)
    base = "/w/acme/knowledge"
    paths = [f"{base}{path}" for path in ("", f"?q={EVIL}", "/macros", f"/macros?q={EVIL}")]
    paths += [f"{base}/articles/{article.public_id}{path}" for path in ("", "/edit", "/delete")]
    paths += [f"{base}/macros/{macro.public_id}{path}" for path in ("", "/edit", "/delete")]
    for path in [*paths, "/w/acme/inbox/1/macros", "/w/acme/inbox/1"]:
        answer = agent.get(path)
        assert answer.status_code == 200
        markup = Markup(answer.content.decode())
        assert not [tag for tag in markup.tags if tag in ("img", "iframe", "style")], path
        for tag, attributes in markup.elements:
            assert tag != "script" or attributes.get("src"), path
            assert not [name for name in attributes if name == "style" or name.startswith("on")], path


def test_article_is_shown_to_its_end(agent: Client, acme: Workspace) -> None:
    article = ArticleFactory(workspace=acme, body="word " * 19_000 + "the end")
    assert "the end" in agent.get(f"/w/acme/knowledge/articles/{article.public_id}").content.decode()


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("a\n<b>", "a<br>&lt;b&gt;"),
        ("{{no.such}} {{ <i> }}", "{{no.such}} {{ &lt;i&gt; }}"),
    ],
)
def test_places_of_a_macro_are_marked_and_the_rest_is_escaped(body: str, html: str) -> None:
    assert knowledge.with_places(body) == html
    marked = knowledge.with_places("{{agent.name}}")
    assert (
        marked
        == '<mark class="place" title="the name of the agent who writes, or the workspace&#x27;s name">agent.name</mark>'
    )
