"""Mails of the world, for what no test thinks of. They are not part of this repository; without them this is skipped."""

from __future__ import annotations

import email
import json
import os
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from conversations.mail import parts
from conversations.mail.quotes import split
from tests.mail.test_hostile import MOST_CALLS, judged
from tests.mail.work import calls

ROOT = Path(__file__).parents[2]
PLACES = (
    Path(os.environ.get("MAIL_CORPORA", ROOT.parent / "shared" / "mail-corpora")),
    ROOT.parent.parent / "shared" / "mail-corpora",
)
CORPORA = next((place for place in PLACES if place.is_dir()), None)
NO_MAILS = {".json", ".md", ".jpg", ".png", ".gif", ".pdf", ".zip", ".tiff"}
pytestmark = pytest.mark.skipif(CORPORA is None, reason="MAIL_CORPORA names no folder of mails")


def mails(name: str = "") -> Iterator[Path]:
    assert CORPORA is not None
    for path in sorted((CORPORA / name).rglob("*")):
        if path.is_file() and path.suffix not in NO_MAILS:
            yield path


def test_every_mail_is_read_in_bounded_work() -> None:
    read = 0
    for path in mails():
        raw = path.read_bytes()
        if not raw.strip():
            continue
        assert calls(lambda raw=raw: judged(raw)) <= MOST_CALLS, path
        read += 1
    assert read > 300


def test_mail_has_a_text_where_the_oracle_has_one() -> None:
    seen = 0
    for path in mails("stalwart"):
        for expected, ends in ((path.with_suffix(".json"), b"\n"), (path.with_suffix(".crlf.json"), b"\r\n")):
            if path.suffix != ".eml" or not expected.exists():
                continue
            oracle = json.loads(expected.read_text())
            read = judged(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", ends))
            seen += 1
            if any(_text(oracle["parts"][index]["body"]).strip() for index in oracle["text_body"]):
                assert read.text.strip(), expected
                assert read.reply_text.strip(), expected
    assert seen > 100


def _text(body: Any) -> str:
    found = body.get("Text") or body.get("Html") if isinstance(body, dict) else ""
    return found if isinstance(found, str) else ""


def test_parts_are_those_that_the_standard_library_finds() -> None:
    same = different = 0
    for path in mails():
        raw = path.read_bytes().lstrip(b"\r\n")
        if not raw.strip() or b"\x00" in raw[:100]:
            continue
        ours = [part.content_type for part in parts.read(raw).root.walk() if not part.is_multipart]
        theirs = [
            part.get_content_type()
            for part in _leaves(email.message_from_bytes(raw))
            if not part.get_content_type().startswith("multipart/")
        ]
        same += ours == theirs
        different += ours != theirs
    assert same > 300
    assert different * 10 < same  # in mails that are broken on purpose


def _leaves(message: Message) -> Iterator[Message]:
    payload = message.get_payload()
    if message.get_content_maintype() == "multipart" and isinstance(payload, list):
        for part in payload:
            yield from _leaves(part)  # type: ignore[arg-type]
    else:
        yield message


def test_replies_are_found_in_the_mails_of_other_reply_parsers() -> None:
    found = 0
    for folder in ("mail-parser-reply", "github-email-reply-parser"):
        for path in mails(folder):
            text = path.read_text(errors="replace")
            parted = split(text)
            assert bool(parted.reply.strip()) == bool(text.strip()), path
            found += bool(parted.quoted)
    assert found >= 35
