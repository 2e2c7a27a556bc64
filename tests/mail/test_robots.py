"""Mails that no person wrote, mails that did not arrive, spam, and senders that are proven."""

from __future__ import annotations

import pytest

from conversations.mail.authentication import MICROSOFT, Verdict, authentication
from conversations.mail.authentication import parse as results
from conversations.mail.parsed import ParsedMail
from conversations.mail.parsing import parse
from conversations.mail.reports import DeliveryReport, delivery_report
from conversations.mail.robots import Automatic, is_automatic, is_out_of_office, spam_mark
from tests.mail.building import mail, parts


def read(**headers: str) -> ParsedMail:
    return parse(mail(**headers))


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Auto_Submitted": "auto-replied"}, Automatic.AUTO_SUBMITTED),
        ({"Auto_Submitted": "Auto-Generated; owner-email=x"}, Automatic.AUTO_SUBMITTED),
        ({"Auto_Submitted": "no"}, None),
        ({"Return_Path": "<>"}, Automatic.NULL_RETURN_PATH),
        ({"Return_Path": "<ada@example.com>"}, None),
        ({"Content_Type": "multipart/report; report-type=disposition-notification; boundary=x"}, Automatic.REPORT),
        ({"X_Auto_Response_Suppress": "OOF, AutoReply"}, Automatic.SUPPRESSED),
        ({"X_Auto_Response_Suppress": "None"}, None),
        ({"X_Auto_Response_Suppress": "DR, RN"}, None),
        ({"X_Autoreply": "yes"}, Automatic.AUTOREPLY),
        ({"X_Autorespond": "Order"}, Automatic.AUTOREPLY),
        ({"Precedence": "Bulk"}, Automatic.PRECEDENCE),
        ({"Precedence": "normal"}, None),
        ({"List_Id": "<x.example.com>"}, Automatic.MAILING_LIST),
        ({"List_Unsubscribe": "<mailto:x@example.com>"}, Automatic.MAILING_LIST),
        ({"X_Parley_Hops": "1"}, Automatic.HOPS),
        ({"Message_ID": "<1@mail.desk.example>"}, Automatic.OWN_MAIL),
        ({"From": "MAILER-DAEMON@example.com"}, Automatic.SENDER),
        ({"From": "no-reply@example.com"}, Automatic.SENDER),
        ({"From": "noreply+42@example.com"}, Automatic.SENDER),
        ({"From": "Noah Reply <noah.reply@example.com>"}, None),
        ({"Subject": "Automatic reply: Order 42"}, Automatic.SUBJECT),
        ({"Subject": "Question about the automatic reply"}, None),
        ({}, None),
    ],
)
def test_mails_of_machines_are_known_by_their_headers(headers: dict[str, str], reason: Automatic | None) -> None:
    assert is_automatic(read(**headers), own_domain="mail.desk.example") is reason


def test_every_reason_is_a_sentence() -> None:
    assert all(reason.sentence.endswith(".") for reason in Automatic)


@pytest.mark.parametrize(
    "subject",
    ["Out of Office: x", "Automatische Antwort: x", "Abwesenheitsnotiz", "Réponse automatique : x", "Respuesta automática: x",
     "Risposta automatica: x", "Resposta automática: x", "Automatisch antwoord: x", "Autosvar: x", "Automatiskt svar: x",
     "Automaattinen vastaus: x", "Automatická odpověď: x", "Odpowiedź automatyczna: x", "Автоматический ответ: x", "自動返信: x", "自动回复: x",
     "자동 회신: x", "Otomatik yanıt: x"],
)  # fmt: skip
def test_somebody_who_is_away_is_known_in_any_language(subject: str) -> None:
    assert is_out_of_office(read(Subject=subject))


def test_answers_of_machines_are_out_of_office_and_their_reports_are_not() -> None:
    assert is_out_of_office(read(Auto_Submitted="auto-replied"))
    assert not is_out_of_office(read(Auto_Submitted="auto-generated"))
    assert not is_out_of_office(
        read(Auto_Submitted="auto-replied", Content_Type="multipart/report; report-type=delivery-status")
    )
    assert not is_out_of_office(read())


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X_Spam_Flag": "YES"}, True),
        ({"X_Spam_Flag": "NO"}, False),
        ({"X_MS_Exchange_Organization_SCL": "5"}, True),
        ({"X_MS_Exchange_Organization_SCL": "-1"}, False),
        ({"X_MS_Exchange_Organization_SCL": "many"}, False),
        ({}, False),
    ],
)
def test_marks_of_the_mail_server_make_a_mail_spam(headers: dict[str, str], expected: bool) -> None:
    assert (spam_mark(read(**headers)) is not None) == expected


# --- Delivery reports -----------------------------------------------------------------------------


def report(
    *recipients: str,
    returned: str = "Message-ID: <out.1@desk.example>",
    kind: str = "text/rfc822-headers",
    **headers: str,
) -> DeliveryReport:
    status = "Reporting-MTA: dns; mx.example.com\r\n\r\n" + "\r\n\r\n".join(recipients)
    raw = parts(
        "Content-Type: text/plain\r\n\r\nYour mail was not delivered.",
        f"Content-Type: message/delivery-status\r\n\r\n{status}",
        f"Content-Type: {kind}\r\n\r\n{returned}\r\n",
        **{
            "From": "MAILER-DAEMON@example.com",
            "To": "bounce+t0ken@desk.example",
            "Content_Type": 'multipart/report; report-type=delivery-status; boundary="cut"',
            **headers,
        },
    )
    found = delivery_report(parse(raw))
    assert found is not None
    return found


def test_report_says_which_mail_did_not_arrive_where_and_why() -> None:
    found = report(
        "Final-Recipient: rfc822; Ada@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 <ada@example.com>:\r\n  User unknown"
    )
    [one] = found.recipients
    assert (one.address, one.action, one.status, one.is_permanent) == ("ada@example.com", "failed", "5.1.1", True)
    assert one.reason == "The address does not exist."
    assert one.diagnostic == "550 5.1.1 <ada@example.com>: User unknown"
    assert (found.original_message_id, found.tokens) == ("out.1@desk.example", ("t0ken",))
    assert found.is_failure


@pytest.mark.parametrize(
    ("status", "diagnostic", "reason", "is_permanent"),
    [
        ("5.2.2", "552 5.2.2 over quota", "The mailbox is full.", True),
        ("5.0.0", "550 Mailbox is full", "The mailbox is full.", True),
        ("4.4.7", "delivery expired", "The mail could not be delivered in time.", False),
        ("5.7.1", "550 5.7.1 blocked by Spamhaus", "The receiving server took the mail for spam.", True),
        ("5.7.26", "550-5.7.26 unauthenticated", "The receiving server could not verify our mail (SPF or DKIM).", True),
        ("", "550 No such user here", "The address does not exist.", True),
        ("5.0.0", "x", "The mail could not be delivered.", True),
    ],
)
def test_reasons_are_plain_words(status: str, diagnostic: str, reason: str, is_permanent: bool) -> None:
    line = f"Status: {status}\r\n" if status else ""
    [one] = report(
        f"Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\n{line}Diagnostic-Code: smtp; {diagnostic}"
    ).recipients
    assert (one.reason, one.is_permanent) == (reason, is_permanent)


def test_report_of_a_delay_is_no_failure() -> None:
    found = report("Final-Recipient: rfc822; a@b.example\r\nAction: delayed\r\nStatus: 4.4.1")
    assert not found.is_failure
    assert found.recipients[0].reason == "The receiving server did not answer."


def test_report_of_success_is_no_failure() -> None:
    found = report("Final-Recipient: rfc822; a@b.example\r\nAction: delivered\r\nStatus: 2.0.0")
    assert not found.is_failure
    assert found.recipients[0].reason == ""


def test_each_recipient_is_reported() -> None:
    found = report(
        "Original-Recipient: rfc822; a@b.example\r\nFinal-Recipient: rfc822; x@internal\r\nAction: failed\r\nStatus: 5.1.1",
        "Final-Recipient: rfc822; c@b.example\r\nAction: delayed\r\nStatus: 4.2.2",
        kind="message/rfc822",
        returned="From: x\r\nMessage-Id: <out.2@desk.example>\r\n\r\nText",
    )
    assert [(one.address, one.action) for one in found.recipients] == [
        ("a@b.example", "failed"),
        ("c@b.example", "delayed"),
    ]
    assert found.original_message_id == "out.2@desk.example"


def test_report_in_a_servers_own_words_is_read_too() -> None:
    text = (
        "Hi. This is the qmail-send program at example.com.\r\nI'm afraid I wasn't able to deliver your message to the following addresses.\r\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\r\n\r\n<ada@example.com>:\r\n"
        "Sorry, no mailbox here by that name. (#5.1.1)\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n"
        "Return-Path: <x@desk.example>\r\nMessage-ID: <out.3@desk.example>\r\n\r\nHello"
    )
    found = delivery_report(
        parse(mail(text, From="MAILER-DAEMON@example.com", Subject="failure notice", Return_Path="<>"))
    )
    assert found is not None
    assert [(one.address, one.action, one.status) for one in found.recipients] == [
        ("ada@example.com", "failed", "5.1.1")
    ]
    assert found.original_message_id == "out.3@desk.example"


@pytest.mark.parametrize(
    "raw",
    [
        mail("My mail to bo@example.com came back: user unknown. What is wrong?", Subject="Delivery failed"),
        mail("<bo@example.com>: user unknown"),
        parts("\r\nx", Content_Type='multipart/report; report-type=disposition-notification; boundary="cut"'),
    ],
)
def test_ordinary_mails_are_no_reports(raw: bytes) -> None:
    assert delivery_report(parse(raw)) is None


# --- Authentication -------------------------------------------------------------------------------

PASS = "dmarc=pass (p=none; dis=none) header.from=example.com"


@pytest.mark.parametrize(
    ("host", "value", "verdict"),
    [
        ("mx.desk.example", f"mx.desk.example; spf=pass smtp.mailfrom=example.com; {PASS}", Verdict.VERIFIED),
        ("MX.desk.example", f"mx.desk.example 1; {PASS}", Verdict.VERIFIED),
        ("mx.desk.example", f"mx.evil.example; {PASS}", Verdict.UNKNOWN),
        ("", f"mx.desk.example; {PASS}", Verdict.UNKNOWN),
        ("mx.desk.example", "mx.desk.example; dmarc=fail header.from=example.com", Verdict.FAILED),
        ("mx.desk.example", "mx.desk.example; dkim=pass header.d=example.com", Verdict.VERIFIED),
        ("mx.desk.example", "mx.desk.example; dkim=pass header.i=@example.com", Verdict.VERIFIED),
        ("mx.desk.example", "mx.desk.example; dkim=pass header.d=evil.example", Verdict.UNKNOWN),
        ("mx.desk.example", "mx.desk.example; dkim=pass header.d=x.example.com", Verdict.UNKNOWN),
        ("mx.desk.example", "mx.desk.example; dkim=pass header.d=com", Verdict.UNKNOWN),
        ("mx.desk.example", "mx.desk.example; dkim=fail header.d=example.com; dkim=pass header.d=example.com", Verdict.VERIFIED),
        ("mx.desk.example", "mx.desk.example; dmarc=pass header.from=other.example", Verdict.UNKNOWN),
        ("mx.desk.example", "mx.desk.example; spf=pass (dmarc=pass header.from=example.com) smtp.mailfrom=x", Verdict.UNKNOWN),
        ("mx.desk.example", "mx.desk.example; none", Verdict.UNKNOWN),
        ("mx.desk.example", "(mx.desk.example; dmarc=pass) mx.evil.example; none", Verdict.UNKNOWN),
        (MICROSOFT, "spf=pass (sender IP is 1.2.3.4) smtp.mailfrom=example.com; dkim=none; dmarc=pass action=none header.from=example.com;compauth=pass", Verdict.VERIFIED),
        ("mx.desk.example", "spf=pass smtp.mailfrom=example.com; dmarc=pass header.from=example.com", Verdict.UNKNOWN),
        ("mx.desk.example", "", Verdict.UNKNOWN),
        ("mx.desk.example", "(" * 500, Verdict.UNKNOWN),
    ],
)  # fmt: skip
def test_sender_is_verified_by_the_trusted_host_alone(host: str, value: str, verdict: Verdict) -> None:
    assert authentication(read(Authentication_Results=value), host).verdict is verdict


def test_only_the_topmost_header_of_the_trusted_host_counts() -> None:
    forged = f"Authentication-Results: mx.desk.example; {PASS}\r\n"
    raw = b"Authentication-Results: mx.desk.example; dmarc=fail header.from=example.com\r\n" + forged.encode() + mail()
    assert authentication(parse(raw), "mx.desk.example").verdict is Verdict.FAILED


def test_header_without_a_host_counts_at_microsoft_only_if_it_is_the_topmost() -> None:
    raw = (
        b"Authentication-Results: other.example; none\r\nAuthentication-Results: dmarc=pass header.from=example.com\r\n"
        + mail()
    )
    assert authentication(parse(raw), MICROSOFT).verdict is Verdict.UNKNOWN


def test_mail_without_one_sender_is_never_verified() -> None:
    raw = mail(From="a@example.com, b@example.com", Authentication_Results=f"mx.desk.example; {PASS}")
    assert authentication(parse(raw), "mx.desk.example").verdict is Verdict.UNKNOWN


def test_results_of_every_method_are_at_hand() -> None:
    host, found = results('mx.x.example; spf=softfail (a; b) smtp.mailfrom="a b"; iprev/1=pass policy.iprev=1.2.3.4')
    assert host == "mx.x.example"
    assert [(one.method, one.result) for one in found] == [("spf", "softfail"), ("iprev", "pass")]
    assert (found[0].value("smtp.mailfrom"), found[1].value("policy.iprev")) == ("a b", "1.2.3.4")
