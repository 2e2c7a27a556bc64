"""Mails that were made to cost time, memory or a crash: each is read, in work that is counted, and others are read after it."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.mail import limits, parts
from conversations.mail.authentication import authentication
from conversations.mail.parsed import ParsedMail, Unreadable
from conversations.mail.parsing import parse
from conversations.mail.reports import delivery_report
from conversations.mail.robots import is_automatic, is_out_of_office, spam_mark
from tests.mail.work import calls

FROM = b"From: ada@example.com\r\n"
MIXED = FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
HTML = FROM + b"Content-Type: text/html\r\n\r\n"
SIZE = 40_000
"""Bytes of a hostile mail: enough to find what takes more than each byte's share of the work."""
MOST_CALLS = 6_000_000
"""Of Python and C functions, for a mail of that size and for any ordinary one."""


def nested(count: int) -> bytes:
    return FROM + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number) for number in range(count)
    )


def tnef(*objects: bytes) -> bytes:
    return FROM + b"Content-Type: application/ms-tnef\r\n\r\n" + struct.pack("<IH", 0x223E9F78, 1) + b"".join(objects)


def times(piece: bytes, size: int) -> bytes:
    return piece * (size // len(piece))


def hostile(size: int) -> dict[str, bytes]:
    """One mail of each kind, of about as many bytes."""
    return {
        "quotes in To": b"To: " + b'"' * size + b"\r\n\r\nx",
        "escaped quotes in To": b"To: " + b'"\\' * (size // 2) + b"\r\n\r\nx",
        "semicolons in Content-Type": b"Content-Type: " + b";" * size + b"\r\n\r\nx",
        "addresses": b"To: " + b"a@b.c, " * (size // 7) + b"\r\n\r\nx",
        "parentheses in From": b"From: " + b"(" * size + b"\r\n\r\nx",
        "brackets in From": b"From: " + b"<" * size + b"\r\n\r\nx",
        "signs in From": b"From: " + b" " * 16_000 + b"@" * 300 + b"\r\n\r\nx",
        "encoded words": b"Subject: " + b"=?utf-8?q?a?= " * (size // 10) + b"\r\n\r\nx",
        "pieces of a name": FROM + b"Content-Disposition: attachment; " + b"".join(b"filename*%d=a; " % n for n in range(size // 15)) + b"\r\n\r\nx",
        "headers": times(b"X: y\r\n", size) + b"\r\nx",
        "one header": b"X: " + b"y" * size + b"\r\n\r\nx",
        "folded lines": b"X: y\r\n" + times(b" z\r\n", size) + b"\r\nx",
        "ids": b"References: " + b"<a@b>" * (size // 10) + b"\r\n\r\n" + times(b"Message-ID: <a@b>\n", size),
        "500 nested multiparts": nested(500),
        "more nested multiparts": nested(size // 60),
        "lines in nested multiparts": nested(40) + b"\n" * size,
        "parts": MIXED + b"--b\r\n\r\nx\r\n" * (size // 10),
        "boundaries": MIXED + times(b"--b\r\n", size),
        "boundaries inside lines": MIXED + times(b"x--b\r\n", size),
        "a boundary of hyphens": FROM + b"Content-Type: multipart/mixed; boundary=---\r\n\r\n" + b"-" * size,
        "spaces behind a boundary": MIXED + b"--b " + b" " * size,
        "attached mails": MIXED + b"".join(b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + b"X: y\r\n" * (size // 2_000) + b"\r\n" for _ in range(480)),
        "HTML parts": MIXED + b"".join(b"--b\r\nContent-Type: text/html\r\n\r\n" + b"<p>x</p>" * (size // 5_000) + b"\r\n" for _ in range(480)),
        "unknown charsets": MIXED + b"".join(
            b"--b\r\nContent-Type: text/plain; charset=nope\r\n\r\n" + random.Random(n).randbytes(size // 480) + b"\r\n" for n in range(480)
        ),
        "a slow charset": FROM + b"Content-Type: text/plain; charset=punycode\r\n\r\n" + times(b"abc-", size),
        "a text": FROM + b"\r\n" + times(b"word word word\n", size),
        "colons": FROM + b"\r\n" + times(b":\n", size),
        "wrote": FROM + b"\r\n" + times(b"On 1 he wrote:\n", size),
        "headers in the text": FROM + b"\r\n" + times(b"From: x\n", size),
        "quoted lines": FROM + b"\r\n" + times(b">\n", size),
        "flowed lines": FROM + b"Content-Type: text/plain; format=flowed\r\n\r\n" + times(b"a \n", size),
        "flowed quotes": FROM + b"Content-Type: text/plain; format=flowed\r\n\r\n" + times(b">" * 500 + b"\n>\n", size),
        "nested elements": HTML + times(b"<div>", size),
        "hidden nested elements": HTML + times(b"<div><table></div></table>", size),
        "elements": HTML + times(b"<p>x</p>", size),
        "list items": HTML + times(b"<li>", size),
        "unclosed comments": HTML + times(b"<!--", size),
        "unclosed scripts": HTML + times(b"<script>", size),
        "unclosed attributes": HTML + times(b'<a b="', size),
        "attributes": HTML + b"<a " + times(b"x ", size),
        "signs": HTML + times(b"<", size),
        "references": HTML + times(b"&#", size),
        "digits": HTML + b"&#" + b"9" * size,
        "closing tags": HTML + b"<div>" * 250 + times(b"</p>", size),
        "quotes": HTML + times(b"<blockquote type=cite></blockquote>x", size),
        "links": HTML + times(b"<a href=http://x>", size),
        "a style": HTML + b"<p style='" + times(b"a:b;", size) + b"'>x",
        "calendars": FROM + b"Content-Type: text/calendar\r\n\r\n" + times(b"BEGIN:VCALENDAR\n", size),
        "events": FROM + b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\n" + times(b"BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n", size),
        "objects in a winmail.dat": tnef(times(struct.pack("<BHHI", 2, 0x9002, 1, 0) + b"\0\0", size)),
        "properties in a winmail.dat": tnef(
            struct.pack("<BHHI", 1, 0x9003, 1, size), struct.pack("<I", 2**32 - 1), times(struct.pack("<HHI", 3, 1, 2), size), b"\0" * 99
        ),
        "recipients of a report": MIXED + b"--b\r\nContent-Type: message/delivery-status\r\n\r\n" + times(b"Final-Recipient: rfc822; a@b.c\nAction: failed\n\n", size),
        "what looks like a report": b"From: mailer-daemon@x.example\r\n\r\n" + times(b"<a@b.example>: user unknown\n", size),
        "results": b"".join(b"Authentication-Results: x; " + b"(" * 8_000 + b"dkim=pass " * 800 + b"\r\n" for _ in range(size // 8_000)) + b"\r\nx",
    }  # fmt: skip


def judged(raw: bytes) -> ParsedMail:
    """The mail, after everything that can be asked about it was."""
    read = parse(raw)
    for question in (is_automatic, is_out_of_office, spam_mark, delivery_report):
        question(read)
    authentication(read, "mx.desk.example")
    return read


HOSTILE, HALF = hostile(SIZE), hostile(SIZE // 2)


@pytest.fixture(scope="module", autouse=True)
def libraries() -> None:
    """What is imported when it is first needed is no part of the work."""
    for name in ("events", "what looks like a report", "unknown charsets"):
        judged(HOSTILE[name])


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_read_in_work_that_grows_no_faster_than_the_mail(name: str) -> None:
    found: list[ParsedMail] = []
    count = calls(lambda: found.append(judged(HOSTILE[name])))
    half = calls(lambda: judged(HALF[name]))
    [read] = found
    assert count <= min(MOST_CALLS, 2.3 * half + 20_000), f"{count:,} of {half:,}"
    assert read.parts <= limits.PARTS
    assert len(read.attachments) <= limits.PARTS
    assert len(read.text) <= limits.TEXT
    assert max(map(len, (read.to, read.cc, read.senders, read.references, read.quoted_ids))) <= limits.ADDRESSES
    assert sum(len(value) for _, value in read.headers.items) <= limits.HEADER_BLOCK + limits.HEADER


@pytest.mark.parametrize(
    "name", ["addresses", "500 nested multiparts", "parts", "headers", "one header", "nested elements"]
)
def test_what_was_cut_is_written_down(name: str) -> None:
    problems = judged(HOSTILE[name]).problems
    assert problems
    assert all(problem.endswith(".") for problem in problems)


class PanicException(BaseException):
    """As libraries in Rust raise it."""


@pytest.mark.parametrize("fault", [RecursionError(), ValueError("secret"), PanicException()])
def test_fault_in_the_code_makes_a_mail_unreadable_and_says_nothing_of_its_contents(
    fault: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(raw: bytes) -> None:
        raise fault

    monkeypatch.setattr(parts, "read", fail)
    with pytest.raises(Unreadable) as refused:
        parse(b"x")
    assert refused.value.reason == f"The mail could not be read ({type(fault).__name__})."


def test_worker_that_is_stopped_is_not_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(raw: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(parts, "read", stop)
    with pytest.raises(KeyboardInterrupt):
        parse(b"x")


def test_lines_that_may_separate_parts_are_counted() -> None:
    found = parts.read(HOSTILE["boundaries"])
    assert found.delimiters <= limits.DELIMITERS
    assert found.parts <= limits.PARTS
    assert max(depths(found.root)) <= limits.DEPTH
    assert max(depths(parts.read(nested(5_000)).root)) == limits.DEPTH


def depths(part: parts.Part, depth: int = 0) -> list[int]:
    return [depth, *(found for child in part.children for found in depths(child, depth + 1))]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_unreadable(raw: bytes) -> None:
    try:
        judged(raw)
    except Unreadable as unreadable:
        if unreadable.__cause__ is not None:
            raise


PIECES = st.sampled_from(
    [b"From: ", b"To: ", b"Subject: ", b"Content-Type: ", b"multipart/mixed; boundary=b", b"multipart/report; report-type=x; boundary=b", b"text/html",
     b"text/plain; charset=", b"utf-7", b"iso-2022-jp", b"text/calendar", b"message/rfc822", b"message/delivery-status", b"application/ms-tnef",
     b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"--b", b"--b--", b" ", b"\t", b";", b":", b'"', b"(", b")", b"<", b">", b"@", b"=?utf-8?b?", b"?=", b"=?x?q?=ff?=",
     b"a@b.example", b"\x00", b"\xff", b"\xed\xa0\x80", b"\x1b$B", b"Content-Transfer-Encoding: ", b"base64", b"quoted-printable", b"x-uuencode", b"=",
     b"begin 644 x\n", b"<div>", b"</p>", b"<img src=cid:a>", b"<table><td>", b"On 1 a@b wrote:", b"> ", b"-- \n", b"BEGIN:VCALENDAR\n", b"BEGIN:VEVENT\n",
     b"DTSTART:20260101T000000Z\n", b"END:VEVENT\n", b"END:VCALENDAR\n", b"Date: ", b"Mon, 1 Jan 2026 00:00:00 +9999", b"filename*0*=", b"name*=", b"x''%ff",
     b"Final-Recipient: rfc822;", b"Action: failed", b"Authentication-Results: ", b"format=flowed", b"\x78\x9f\x3e\x22\x01\x00"]
)  # fmt: skip


@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=40))
def test_any_pieces_of_mails_are_read_cleanly(pieces: list[bytes]) -> None:
    try:
        read = judged(b"".join(pieces))
    except Unreadable as unreadable:
        if unreadable.__cause__ is not None:
            raise
        return
    for text in (
        read.subject,
        read.text,
        read.reply_text,
        read.quoted_text,
        read.html or "",
        *(file.name for file in read.attachments),
    ):
        assert "\x00" not in text
        assert "\r" not in text
        text.encode()
    assert bool(read.reply_text.strip()) == bool(read.text.strip())
    assert all(file.name for file in read.attachments)
