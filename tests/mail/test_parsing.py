"""What a mail says, read from its bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from conversations.mail import limits
from conversations.mail.parsed import Address, ParsedMail, Unreadable
from conversations.mail.parsing import parse
from tests.mail.building import html, mail, parts


def test_plain_mail_is_read() -> None:
    read = parse(
        mail(
            "Where is my order?\r\n",
            To="Help <help@desk.example>, Bo <bo@example.com>",
            Cc="team@example.com",
            Subject="Order 42",
            Message_ID="<1@example.com>",
            In_Reply_To="<0@desk.example>",
            References="<a@desk.example>\r\n <0@desk.example>",
            Date="Mon, 30 Nov 2026 09:00:00 +0100",
        )
    )
    assert read.sender == Address("Ada", "ada@example.com")
    assert read.to == (Address("Help", "help@desk.example"), Address("Bo", "bo@example.com"))
    assert read.cc == (Address("", "team@example.com"),)
    assert (read.subject, read.text, read.reply_text) == ("Order 42", "Where is my order?", "Where is my order?")
    assert read.message_id == "1@example.com"
    assert read.in_reply_to == ("0@desk.example",)
    assert read.references == ("a@desk.example", "0@desk.example")
    assert read.date == datetime(2026, 11, 30, 9, tzinfo=timezone(timedelta(hours=1)))
    assert not read.problems


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?B?5a6M5LqG?=", "完了"),
        ("=?utf-8?B?5a6?= =?utf-8?B?M5LqG?= and more", "完了 and more"),
        ("=?iso-8859-1?Q?a?=\r\n =?utf-8?Q?=C3=BC?= b", "aü b"),
        ("=?nonsense?q?caf=C3=A9?=", "café"),
        ("=?utf-8?b?!!!?= left", "left"),
        ("Grüße", "Grüße"),
        ("a=?utf-8?q?_b?=c", "a bc"),
        ("=?utf-8?q?x=0D=0ABcc:_eve@example.com=00?=", "x Bcc: eve@example.com"),
        ("x" * 5_000, "x" * limits.SUBJECT),
    ],
)
def test_subject_is_one_line_of_words(given: str, expected: str) -> None:
    assert parse(mail(Subject=given)).subject == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ada@example.com", Address("", "ada@example.com")),
        ('"Lovelace, Ada" <ada@Example.COM>', Address("Lovelace, Ada", "ada@example.com")),
        (
            "=?utf-8?q?Eve=2C_boss=40bank=2Eexample?= <eve@example.com>",
            Address("Eve, boss@bank.example", "eve@example.com"),
        ),
        ("ada@example.com (Ada (of London))", Address("Ada (of London)", "ada@example.com")),
        ("<@relay.example:ada@example.com>", Address("", "ada@example.com")),
        ("Ada ada@example.com", Address("Ada", "ada@example.com")),
        ('"unfinished <ada@example.com>', Address("unfinished", "ada@example.com")),
        ("Büro <büro@exämple.com>", Address("Büro", "büro@exämple.com")),
        ("Ada <ada@example.com", None),
        ("nobody", None),
        ("", None),
        ("alice@example.org)bob@evil.example", None),
        ("a@b@c", None),
        ("Ada <ada@example.com>, Bo <bo@example.com>", None),
    ],
)
def test_sender_is_exactly_one_address_or_nobody(given: str, expected: Address | None) -> None:
    assert parse(mail(From=given)).sender == expected


def test_of_several_senders_the_one_who_sent_the_mail_counts() -> None:
    read = parse(mail(From="ada@example.com, bo@example.com", Sender="bo@example.com"))
    assert read.sender == Address("", "bo@example.com")
    assert len(read.senders) == 2


def test_groups_of_recipients_are_read() -> None:
    assert [one.address for one in parse(mail(To="Team: a@x.example, b@x.example;, c@x.example")).to] == [
        "a@x.example",
        "b@x.example",
        "c@x.example",
    ]


def test_addresses_that_the_mail_was_delivered_to_come_before_those_it_names() -> None:
    read = parse(mail(To="Support <Support@desk.example>", Cc="x@desk.example", Delivered_To="alias+1@desk.example"))
    assert read.delivered_to == ("alias+1@desk.example", "support@desk.example", "x@desk.example")


@pytest.mark.parametrize("given", ["", "yesterday", "Mon, 1 Jan 1901 00:00:00 +0000", "Mon, 1 Jan 9999 00:00:00 -2359"])
def test_absurd_dates_are_no_dates(given: str) -> None:
    assert parse(mail(Date=given)).date is None


def test_date_without_a_zone_is_in_utc() -> None:
    assert parse(mail(Date="Mon, 30 Nov 2026 09:00:00 -0000")).date == datetime(2026, 11, 30, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("charset", "data", "expected"),
    [
        ("iso-8859-1", b"Gr\xfc\xdfe \x96 \x80", "Grüße – €"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("gb2312", "镕".encode("gb18030"), "镕"),
        ("shift_jis", "①".encode("cp932"), "①"),
        ("ks_c_5601-1987", "안녕하세요".encode("cp949"), "안녕하세요"),
        ("iso-2022-jp", "請求書".encode("iso2022_jp"), "請求書"),
        ("iso-2022-jp", "請求書について".encode("euc_jp"), "請求書について"),
        ("x-unknown", "Grüße".encode(), "Grüße"),
        ("x-mac-cyrillic", "Привет".encode("mac_cyrillic"), "Привет"),
        ("", b"caf\xe9 au lait", "café au lait"),
        ("", "請求書".encode("iso2022_jp"), "請求書"),
        ("utf-8", "Grüße und Küsse".encode() + b"\xc3", "Grüße und Küsse\ufffd"),
        ("", "Grüße".encode("utf-16"), "Grüße"),
        ("utf-7", b"+2AA- Gr+APwA3w-e", " Grüße".strip()),
        ("punycode", b"abc-", "abc-"),
        ("rot13", b"abc", "abc"),
        ("utf-8", b"a\x00b\r\nc\rd\x1b", "ab\nc\nd"),
        (
            "",
            "Добрый день, я хотел бы вернуть заказ. ".encode("koi8_r") * 8,
            ("Добрый день, я хотел бы вернуть заказ. " * 8).strip(),
        ),
    ],
)
def test_text_in_the_charsets_of_the_real_world(charset: str, data: bytes, expected: str) -> None:
    kind = f"text/plain; charset={charset}" if charset else "text/plain"
    assert parse(mail(data, Content_Type=kind)).text.strip() == expected


def test_alternatives_become_one_text_and_files_are_attached() -> None:
    read = parse(
        parts(
            'Content-Type: multipart/alternative; boundary="in"\r\n\r\n'
            "--in\r\nContent-Type: text/plain\r\n\r\nPlain\r\n"
            "--in\r\nContent-Type: text/html\r\n\r\n<p>Rich\r\n--in--",
            "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
            "Content-Disposition: attachment; filename*=UTF-8''Rechnung%20f%C3%BCr%20Ada.pdf\r\n\r\nJVBERi0=",
            "Content-Type: message/rfc822\r\n\r\nSubject: Older mail\r\nMessage-ID: <old@example.com>\r\n\r\nOld",
        )
    )
    assert read.text == "Plain"
    assert [(file.name, file.content) for file in read.attachments] == [
        ("Rechnung für Ada.pdf", b"%PDF-"),
        ("Older mail.eml", b"Subject: Older mail\r\nMessage-ID: <old@example.com>\r\n\r\nOld"),
    ]
    assert read.quoted_ids == ("old@example.com",)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename=\"=?utf-8?q?Gr=C3=BC=C3=9Fe.txt?=\"", "Grüße.txt"),
        ("attachment; filename*0=long; filename*1=\" name\"; filename*2*=%2Etxt", "long name.txt"),
        ("attachment; filename*0*=utf-8''%E8%AB%8B; filename*1*=%E6%B1%82.txt", "請求.txt"),
        ('attachment; filename="C:\\\\Users\\\\ada\\\\a.txt"', "a.txt"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ("attachment; filename=a b.txt", "a b.txt"),
        ("attachment; filename=\"x\u202etxt.exe\"", "x_txt.exe"),
        ("attachment", "attachment-1.bin"),
    ],
)  # fmt: skip
def test_names_of_files_are_decoded_and_have_no_folders(header: str, name: str) -> None:
    piece = f"Content-Type: application/octet-stream\r\nContent-Disposition: {header}\r\n\r\nx"
    assert parse(parts(piece)).attachments[0].name == name


def test_flowed_lines_are_joined_and_quotes_stay_quoted() -> None:
    body = "> You wrote \r\n> this.\r\nMy answer is \r\nlong.\r\n-- \r\nAda"
    assert parse(mail(body, Content_Type="text/plain; format=flowed")).text.startswith(
        "> You wrote this.\nMy answer is long.\n-- \nAda"
    )


def test_attached_files_of_any_encoding_are_decoded() -> None:
    uu = "Content-Type: application/x\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n#0V%T\r\n`\r\nend"
    wrong = "Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\nThis is no base64, it is a text!"
    short = "Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\nQ2F0"
    assert [file.content for file in parse(parts(uu, wrong, short)).attachments] == [
        b"Cat",
        b"This is no base64, it is a text!",
        b"Cat",
    ]


@pytest.mark.parametrize("raw", [b"", b"\r\n \r\n", b"x" * (limits.RAW + 1)])
def test_nothing_and_too_much_are_unreadable_for_a_reason(raw: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        parse(raw)
    assert refused.value.reason.endswith(".")


def test_headers_of_robots_are_at_hand() -> None:
    read: ParsedMail = parse(
        mail(Auto_Submitted="auto-replied", Return_Path="<>", X_Parley_Hops="2", X_MS_Exchange_Organization_SCL="-1")
    )
    assert (read.auto_submitted, read.return_path, read.hops, read.spam_level) == ("auto-replied", "", 2, -1)
    assert parse(mail()).return_path is None


def test_mail_without_a_plain_part_is_read_from_its_html() -> None:
    read = parse(html("<p>Hello <b>Bo</b>,<br>see <a href='https://x.example/a'>this</a>"))
    assert read.text == "Hello Bo,\nsee this (https://x.example/a)"
    assert read.html is not None
    assert "<b>Bo</b>" in read.html


def test_plain_part_that_is_empty_does_not_hide_the_html() -> None:
    read = parse(parts("\r\n\r\n", "Content-Type: text/html\r\n\r\n<p>Here", kind="alternative"))
    assert read.text == "Here"


def test_charset_that_only_the_html_names_counts() -> None:
    body = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1251"></head>Привет'.encode(
        "cp1251"
    )
    assert parse(mail(body, Content_Type="text/html")).text == "Привет"


@pytest.mark.parametrize(
    "quoted",
    [
        '<div class="gmail_quote"><div class="gmail_attr">On Mon, Nov 30, 2026 at 9:00 AM Bo &lt;<a href="mailto:bo@x.example">bo@x.example</a>&gt; wrote:<br></div>'
        '<blockquote class="gmail_quote">History<br>more</blockquote></div>',
        '<div><blockquote type="cite">Am 30.11.2026 um 09:00 schrieb Bo &lt;bo@x.example&gt;:<br><br>History</blockquote></div>',
        '<div class="moz-cite-prefix">Le 30/11/2026 à 09:00, Bo a écrit\u202f:<br></div><blockquote type="cite"><p>History</p></blockquote>',
        '<div class="yahoo_quoted"><div>On Monday, November 30, 2026, 9:00 AM, Bo &lt;bo@x.example&gt; wrote:</div><div>History</div></div>',
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>From:</b> Bo &lt;bo@x.example&gt;<br><b>Sent:</b> Monday<br><b>To:</b> Ada<br>'
        "<b>Subject:</b> RE: x</p></div><p>History</p>",
        '<hr id="stopSpelling"><div id="divRplyFwdMsg"><b>Von:</b> Bo<br><b>Gesendet:</b> Montag<br><b>An:</b> Ada<br><b>Betreff:</b> x</div><p>History</p>',
    ],
)  # fmt: skip
def test_reply_of_an_html_mail_has_no_history(quoted: str) -> None:
    read = parse(html(f"<div>Answer</div><br>{quoted}"))
    assert read.reply_text == "Answer"
    assert "History" in read.quoted_text


def test_pictures_that_the_html_shows_are_inline() -> None:
    read = parse(
        parts(
            "Content-Type: text/html\r\n\r\n<p>Look<img src='cid:a%40x'>",
            "Content-Type: image/png\r\nContent-ID: <a@x>\r\n\r\nA",
            "Content-Type: image/png\r\nContent-ID: <b@x>\r\nContent-Disposition: attachment; filename=b.png\r\n\r\nB",
            kind="related",
        )
    )
    assert [(file.content_id, file.is_inline) for file in read.attachments] == [("a@x", True), ("b@x", False)]


def test_texts_around_a_picture_are_one_text() -> None:
    read = parse(parts("\r\nBefore", "Content-Type: image/png\r\nContent-Disposition: inline\r\n\r\nA", "\r\nAfter"))
    assert read.text == "Before\nAfter"
    assert [file.is_inline for file in read.attachments] == [True]


def test_ids_in_quoted_text_are_kept_apart() -> None:
    read = parse(mail("Yes\r\n> Message-ID: <old@desk.example>\r\n> References: <older@desk.example>\r\n"))
    assert read.quoted_ids == ("old@desk.example", "older@desk.example")
    assert not read.references


def test_a_long_thread_keeps_its_first_and_its_last_ids() -> None:
    references = " ".join(f"<{number}@x>" for number in range(300))
    found = parse(mail(References=references)).references
    assert (len(found), found[0], found[-1]) == (limits.ADDRESSES, "0@x", "299@x")


def test_signed_and_encrypted_mails_say_so() -> None:
    signed = parse(parts("\r\nHi", "Content-Type: application/pgp-signature\r\n\r\nx", kind="signed"))
    encrypted = parse(parts("Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1", kind="encrypted"))
    smime = parse(mail("x", Content_Type="application/pkcs7-mime; smime-type=enveloped-data"))
    assert (signed.is_signed, signed.is_encrypted) == (True, False)
    assert (encrypted.is_signed, encrypted.is_encrypted) == (False, True)
    assert (smime.is_signed, smime.is_encrypted) == (False, True)
    assert not parse(mail()).is_signed


INVITATION = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:Somewhere
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:42@x
SUMMARY:Training \\, part
  two
LOCATION:Room 5
ORGANIZER;CN="Ada L.":mailto:ada@example.com
DTSTART;TZID=Europe/Berlin:20261201T100000
DURATION:PT1H
DESCRIPTION:long
RRULE:FREQ=SECONDLY
END:VEVENT
END:VCALENDAR
"""


def test_invitation_is_read_and_stays_a_file() -> None:
    read = parse(parts("\r\nCome", f"Content-Type: text/calendar; method=REQUEST\r\n\r\n{INVITATION}"))
    found = read.invitation
    assert found is not None
    assert (found.method, found.summary, found.location) == ("REQUEST", "Training , part two", "Room 5")
    assert found.organizer == Address("Ada L.", "ada@example.com")
    assert found.start == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert found.end == datetime(2026, 12, 1, 10, tzinfo=UTC)
    assert (found.time_zone, found.uid) == ("Europe/Berlin", "42@x")
    assert [file.name for file in read.attachments] == ["invitation.ics"]


@pytest.mark.parametrize(
    "calendar", ["", "BEGIN:VEVENT", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:never\nEND:VEVENT\nEND:VCALENDAR", "\x00"]
)
def test_calendar_that_cannot_be_read_is_a_file(calendar: str) -> None:
    read = parse(parts("\r\nCome", f"Content-Type: text/calendar\r\n\r\n{calendar}"))
    assert read.invitation is None or read.invitation.start is None
    assert len(read.attachments) == 1


def test_what_a_mail_says_of_itself_cannot_break_a_line_or_the_database() -> None:
    dirty = "=?utf-8?q?a=0Ab=00c=1B?="
    read = parse(
        parts(
            f'Content-Type: application/x; name="{dirty}"\r\n\r\nx',
            Subject=dirty,
            To=f"{dirty} <bo@example.com>",
            List_Id=dirty,
        )
    )
    shown = [read.subject, read.to[0].name, read.list_id, read.attachments[0].name]
    assert shown == ["a bc", "a bc", "a bc", "a bc"]
