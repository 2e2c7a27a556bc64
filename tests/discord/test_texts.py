"""What a message says to an agent, and how a reply is cut for Discord."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.channels.discord import payloads, reading, tags, writing
from tests.discord.fake import EVE

NAMES = {("#", 2000): "help", ("@&", 1001): "Staff", ("@&", 1000): "@everyone"}


def post(content: str = "", **more: Any) -> payloads.Post:
    return payloads.post(
        {
            "id": "5",
            "channel_id": "6",
            "author": EVE,
            "type": 0,
            "content": content,
            "timestamp": "2026-11-30T10:00:00+00:00",
            **more,
        }
    )


def read(content: str = "", **more: Any) -> str:
    return reading.readable(post(content, **more), lambda kind, id_: NAMES.get((kind, id_), ""))


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("Ask <@3001> or <@!3001>", "Ask @Bob or @Bob"),
        ("<@&1000>, hello", "@everyone, hello"),
        ("One\x01\x1b[31m\x7f\ttwo\r\nthree\x00", "One[31m\ttwo\nthree"),
        ("Half \ud83d of it", "Half \ufffd of it"),
        ("<@1> in <#2000> and <#7>, <@&1001>", "@someone in #help and #channel, @Staff"),
        ("Nice <:blob:123> <a:wave:124>", "Nice :blob: :wave:"),
        ("At <t:1796036400:t>, <t:1796036400>", "At 11:00 UTC, 2026-11-30 11:00 UTC"),
        ("Use </help me:99>", "Use /help me"),
        ("`<@3001>` stays, ```\n<#2000>\n``` too", "`<@3001>` stays, ```\n<#2000>\n``` too"),
        ("<t:99999999999999:R>", "<t:99999999999999:R>"),
        ("", reading.EMPTY),
        ("**bold** ~~not~~ ||spoiler||", "**bold** ~~not~~ ||spoiler||"),
    ],
)  # fmt: skip
def test_ids_become_names_outside_code(content: str, shown: str) -> None:
    mentions = [{"id": "3001", "username": "bob", "global_name": "Bob"}]
    assert read(content, mentions=mentions) == shown


def test_what_is_no_text_is_named() -> None:
    assert (
        read("Yes", type=19, referenced_message={"author": EVE, "content": "Does\nit help?"})
        == "> Eve: Does it help?\n\nYes"
    )
    assert read(sticker_items=[{"name": "Wave"}]) == "(Sticker: Wave)"
    assert (
        read("See https://a.example", embeds=[{"type": "link", "url": "https://a.example", "title": "A"}])
        == "See https://a.example"
    )
    assert (
        read(
            embeds=[{"type": "rich", "title": "Order", "description": "Late", "fields": [{"name": "No", "value": "7"}]}]
        )
        == "> **Order**\n> Late\n> No: 7"
    )
    assert (
        read(message_snapshots=[{"message": {"content": "Old", "attachments": [{"filename": "a.txt"}]}}])
        == "Forwarded:\n> Old\n> a.txt"
    )
    assert (
        read(poll={"question": {"text": "Which?"}, "answers": [{"poll_media": {"text": "This"}}]})
        == "Poll: Which?\n- This"
    )
    assert read(attachments=[{"filename": "a.png", "url": "https://x", "size": 3}]) == ""


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(
    ["id", "channel_id", "author", "content", "type", "embeds", "mentions", "poll", "attachments", "referenced_message", "thread_metadata",
     "applied_tags", "parent_id", "timestamp", "url", "size", "available_tags"]), inner), max_leaves=20))  # fmt: skip
def test_whatever_comes_is_read_or_refused(value: Any) -> None:
    whole = {
        "id": "5",
        "channel_id": "6",
        "author": EVE,
        **(value if isinstance(value, dict) else {"embeds": value, "poll": value}),
    }
    for call in (
        lambda: reading.readable(payloads.post(whole)),
        lambda: payloads.thread({"type": 11, **whole}),
        lambda: payloads.channel(whole),
    ):
        try:
            found = call()
        except payloads.Unreadable:
            continue
        assert not isinstance(found, str) or "\x00" not in found


@pytest.mark.parametrize("value", [None, True, 1.5, "", "0", "-1", "1e3", "٣", "9" * 20, 2**63, [], {}])
def test_what_is_no_id_is_refused(value: object) -> None:
    with pytest.raises(payloads.Unreadable):
        payloads.snowflake(value)


def test_reply_is_under_its_writers_name() -> None:
    assert writing.signed("Ada *Duarte*", "Hello") == "**Ada \\*Duarte\\***: Hello"
    assert writing.signed("Ada", "```\ncode\n```") == "**Ada**\n```\ncode\n```"
    assert writing.signed("Ada", "- one\n- two") == "**Ada**\n- one\n- two"
    assert writing.signed("Ada", "") == "**Ada**"
    assert writing.signed("", "Hello") == "Hello"
    assert (
        writing.signed("@everyone", "![chart](https://a.example/c.png)")
        == "**\\@everyone**: chart https://a.example/c.png"
    )


def test_long_reply_is_cut_at_paragraphs_and_code_stays_code() -> None:
    paragraphs = "\n\n".join(f"{n} " + "word " * 100 for n in range(10))
    found = writing.pieces(paragraphs)
    assert len(found) == 4
    assert all(len(piece) <= writing.MOST for piece in found)
    assert [piece.split()[0] for piece in found] == ["0", "3", "6", "9"]
    code = writing.pieces("```python\n" + "print(1)\n" * 500 + "```\nDone.")
    assert all(piece.startswith("```python\n") for piece in code[:-1])
    assert all(piece.count("```") % 2 == 0 for piece in code)
    assert code[-1].endswith("Done.")
    assert "".join(code).count("print(1)") == 500


@given(st.text(max_size=6000), st.integers(100, 300))
def test_pieces_are_short_enough_and_lose_no_word(text: str, most: int) -> None:
    found = writing.pieces(text, most)
    assert all(writing.length(piece) <= most for piece in found)
    if "```" not in text and "~~~" not in text:
        assert "".join("".join(found).split()) == "".join(text.split())
        assert len(found) <= 1 + 6 * writing.length(text) // most


WORDS = st.lists(
    st.sampled_from(["plain", "😀" * 30, "👩‍👩‍👧‍👦" * 9, "🇵🇹" * 40, "é" * 80, "汉字。" * 30, "👍🏽", "\n", "\n\n"]),
    max_size=60,
)
CODE = st.tuples(
    st.sampled_from(["```", "````", "~~~", "~~~~~"]),
    st.sampled_from(["", "python", "x" * 2000, "😀" * 15]),
    st.lists(st.sampled_from(["    indented()", "", "```", "~~~", "😀" * 70, "word " * 40]), max_size=20),
    st.booleans(),
)


@given(st.lists(st.one_of(WORDS, CODE), max_size=5), st.integers(100, 2000))
def test_replies_with_emoji_and_code_are_cut_whole(parts: list[Any], most: int) -> None:
    """Every word is there once and in order, and no emoji of several is taken apart."""
    numbered, blocks = 0, []
    for part in parts:
        if isinstance(part, tuple):
            fence, language, lines, is_closed = part
            shown = [line if line not in ("```", "~~~") or len(fence) > 3 else "-" for line in lines]
            shown += [f"[{numbered}]"]
            blocks.append("\n".join([fence + language, *shown, *([fence] if is_closed else [])]))
        else:
            blocks.append(" ".join([*part, f"[{numbered}]"]))
        numbered += 1
    found = writing.pieces("\n".join(blocks), most)
    assert all(writing.length(piece) <= most for piece in found)
    assert re.findall(r"\[\d+\]", "".join(found)) == [f"[{n}]" for n in range(numbered)]
    assert "".join(found).count("👍🏽") == "".join(blocks).count("👍🏽")
    for sign in ("\u200d", "\u0301", "🏽"):
        assert not any(piece.startswith(sign) or piece.endswith("\u200d") for piece in found)
    assert "".join(found).count("😀") >= "".join(blocks).count("😀")


def test_reply_of_emoji_fills_its_pieces() -> None:
    assert [writing.length(piece) for piece in writing.pieces("😀" * 1500)] == [2000, 1000]
    assert [writing.length(piece) for piece in writing.pieces("a" + "😀" * 1500)] == [1999, 1002]
    family = "👩‍👩‍👧‍👦"
    assert all(piece.count(family) * 11 == writing.length(piece) for piece in writing.pieces(family * 400))
    assert "".join(writing.pieces("e\u0301" * 1500)) == "e\u0301" * 1500


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("```x = 1``` is short\n\n" + "word " * 450, "```x = 1```", "word"),
        ("~~~sql\n" + "select 1;\n" * 300 + "~~~\nDone.", "~~~sql\nselect", "~~~sql\nselect"),
        ("````md\n```\n" + "inner\n" * 500 + "```\n````", "````md\n```", "````md\ninner"),
        (f"```{'x' * 2000}\ncode\n```", "```xxx", f"```{'x' * 20}\nxxx"),
        ("a" * 1990 + "\n```py\nprint(1)\n```", "aaa", "```py\nprint(1)\n```"),
        ("> ```py\n" + "> print(1)\n" * 300 + "> ```", "> ```py\n> print", "> ```py\n> print"),
    ],
)  # fmt: skip
def test_code_goes_on_as_the_code_it_is(text: str, first: str, second: str) -> None:
    found = writing.pieces(text)
    assert len(found) == 2
    assert found[0].startswith(first)
    assert found[1].startswith(second)


def test_tags_follow_both_ways() -> None:
    known = {"1": "Billing", "2": "Bug", "3": "Idea"}
    assert tags.wanted(["1", "9"], known, ["bug", "vip"]) == ["9", "2"]
    assert tags.wanted(["1"], known, ["BILLING", "other"]) == ["1"]
    assert tags.merged(["a"], ["A", " ", "b"]) == ["a", "b"]
