"""Whether a person wrote a mail, and whether its server calls it spam. Judged by its headers alone."""

from __future__ import annotations

import re
from enum import StrEnum

from conversations.mail.parsed import ParsedMail


class Automatic(StrEnum):
    """Why a mail must not be answered by a machine, in the order in which RFC 3834 and its successors are asked."""

    AUTO_SUBMITTED = "auto_submitted"
    NULL_RETURN_PATH = "null_return_path"
    REPORT = "report"
    SUPPRESSED = "auto_response_suppress"
    AUTOREPLY = "autoreply"
    PRECEDENCE = "precedence"
    MAILING_LIST = "mailing_list"
    HOPS = "hops"
    OWN_MAIL = "own_mail"
    SENDER = "sender"
    SUBJECT = "subject"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    Automatic.AUTO_SUBMITTED: "The mail says that no person sent it (Auto-Submitted).",
    Automatic.NULL_RETURN_PATH: "The mail must not be answered (empty Return-Path).",
    Automatic.REPORT: "The mail is a report of a mail server.",
    Automatic.SUPPRESSED: "The mail asks for no automatic replies (X-Auto-Response-Suppress).",
    Automatic.AUTOREPLY: "The mail is an automatic reply (X-Autoreply).",
    Automatic.PRECEDENCE: "The mail is bulk mail (Precedence).",
    Automatic.MAILING_LIST: "The mail came by a mailing list (List-Id or List-Unsubscribe).",
    Automatic.HOPS: "The mail was sent by another desk without a person.",
    Automatic.OWN_MAIL: "The mail was sent by this desk.",
    Automatic.SENDER: "The sender's address belongs to a machine.",
    Automatic.SUBJECT: "The subject is that of an automatic reply.",
}
_MACHINES = re.compile(
    r"^(?:mailer-daemon|postmaster|mail-?delivery(?:-?subsystem)?|bounces?|listserv|majordomo|owner-.+|.+-(?:request|owner|bounces)|"
    r"(?:do-?)?not?[-_.]?reply|donot[-_.]?reply|noreply|nao-?responda|no-?responder|ne-?pas-?repondre|auto-?reply|autoresponder)(?:[+=].*)?$",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"^\W{0,3}(?:(?:re|aw|sv|tr|vs|antw|odp):\s*)?(?:auto(?:matic)?[ -]?(?:reply|response|antwort|svar|respuesta|answer)|autoreply|autoresponse|"
    r"out[ -]of(?:[ -]the)?[ -]office|i am out of the office|on vacation|vacation (?:reply|response)|away from (?:my|the) (?:office|mail)|"
    r"abwesenheitsnotiz|abwesenheit\b|abwesend|automatische (?:antwort|abwesenheit)|nicht im (?:büro|haus)|ich bin nicht im|"
    r"réponse automatique|absence du bureau|message d'absence|je suis absent|respuesta automática|fuera de (?:la )?oficina|ausente|"
    r"risposta automatica|fuori (?:sede|ufficio)|resposta automática|fora do escritório|ausência|automatisch antwoord|afwezig|niet aanwezig|"
    r"autosvar|automatiskt svar|automatisk svar|frånvaro|fraværs|ikke på kontoret|automaattinen vastaus|poissa|automatická odpov|"
    r"odpowiedź automatyczna|autoodpowiedź|poza biurem|nieobecność|automatikus válasz|răspuns automat|αυτόματη απάντηση|"
    r"автоматический ответ|автоответ|автоматична відповідь|otomatik yanıt|自動返信|自動回覆|自动回复|自動応答|不在通知|자동 ?(?:회신|응답)|부재중)",
    re.IGNORECASE,
)
_UNANSWERED = frozenset(["bulk", "junk", "list", "auto_reply", "auto-reply"])
LEAST_SPAM_LEVEL = 5
"""Of Microsoft's levels, from which on Outlook moves mails to Junk."""


def is_automatic(mail: ParsedMail, own_domain: str = "") -> Automatic | None:
    """Why the mail must not be answered by a machine; None for a mail of a person. `own_domain` is the one in the desk's ids."""
    submitted = _first_word(mail.auto_submitted)
    suppressed = {one.strip().lower() for one in mail.auto_response_suppress.split(",")}
    if submitted and submitted != "no":
        return Automatic.AUTO_SUBMITTED
    if mail.return_path == "":
        return Automatic.NULL_RETURN_PATH
    if is_report(mail):
        return Automatic.REPORT
    if suppressed & {"all", "oof", "autoreply"}:
        return Automatic.SUPPRESSED
    if mail.autoreply and mail.autoreply.strip().lower() not in ("no", "false", "0"):
        return Automatic.AUTOREPLY
    if _first_word(mail.precedence) in _UNANSWERED:
        return Automatic.PRECEDENCE
    if mail.list_id or mail.list_unsubscribe:
        return Automatic.MAILING_LIST
    if mail.hops:
        return Automatic.HOPS
    if own_domain and mail.message_id.lower().endswith(f"@{own_domain.lower()}"):
        return Automatic.OWN_MAIL
    if any(_MACHINES.match(one.address.rpartition("@")[0][:100]) for one in mail.senders):
        return Automatic.SENDER
    return Automatic.SUBJECT if _AWAY.match(mail.subject) else None


def is_report(mail: ParsedMail) -> bool:
    """Whether a machine reports what became of a mail: not delivered, read, or reported as spam."""
    kind = mail.headers.text("content-type").lower()
    return (
        kind.startswith("multipart/report")
        or "report-type=" in kind.replace(" ", "")
        or bool(mail.headers.text("x-failed-recipients"))
    )


def is_out_of_office(mail: ParsedMail) -> bool:
    """Whether the mail is an automatic answer to one of ours, such as of somebody on holiday, and no delivery report."""
    if is_report(mail):
        return False
    is_reply = _first_word(mail.auto_submitted) == "auto-replied" or _first_word(mail.precedence) in (
        "auto_reply",
        "auto-reply",
    )
    return is_reply or is_automatic(mail) is Automatic.AUTOREPLY or _AWAY.match(mail.subject) is not None


def spam_mark(mail: ParsedMail) -> str | None:
    """What the mail's server says that makes it spam, in a sentence; None where it says nothing of the kind."""
    if _first_word(mail.spam_flag) in ("yes", "true"):
        return "The mail server marked the mail as spam (X-Spam-Flag)."
    if (mail.spam_level or 0) >= LEAST_SPAM_LEVEL:
        return f"Microsoft rated the mail as spam (level {mail.spam_level})."
    return None


def _first_word(value: str) -> str:
    return re.split(r"[\s;,(]", value.strip().lower(), maxsplit=1)[0]
