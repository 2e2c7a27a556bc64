"""Where quoted history and signatures begin in HTML, by what the common mail programs write around them."""

from __future__ import annotations

import re

# Elements that hold the history.
_QUOTE_CLASSES = frozenset(
    [
        "gmail_quote",
        "gmail_quote_container",
        "yahoo_quoted",
        "protonmail_quote",
        "tutanota_quote",
        "zmail_extra",
        "airmail_ext",
        "iosymail",
        "mail_quote",
        "js-helper-quote",
        "mailru-quote",
        "mail-quote-collapse",
        "spark_quote",
        "front-blockquote",
        "protonmail_quote_container",
        "parley_quote",
    ]
)
_QUOTE_IDS = re.compile(r"^(?:x_)*(?:yahoo_quoted(?:_\w+)?|isforwardcontent|history|mailru-quote)$", re.I)
# After which everything is history.
_REST_CLASSES = frozenset(["outlookmessageheader", "ms-outlook-mobile-reference-message"])
_REST_IDS = re.compile(
    r"^(?:x_)*(?:divrplyfwdmsg|stopspelling|reply-intro|mail-editor-reference-message-container|zwchr)$", re.I
)
# Outlook draws a line above what it quotes: the only sign it leaves.
_OUTLOOK_LINE = re.compile(
    r"border:\s*none;\s*border-top:\s*solid\s+(?:#[0-9a-f]{3,6}|windowtext)\s+1(?:\.0)?pt;\s*padding:\s*3(?:\.0)?pt\s+0(?:in|cm|mm)?\s+0",
    re.I,
)
_SIGNATURE_CLASSES = frozenset(["gmail_signature", "moz-signature", "protonmail_signature_block", "tutanota_signature"])
_SIGNATURE_IDS = re.compile(
    r"^(?:x_)*(?:signature|applemailsignature|ms-outlook-mobile-signature|lineBreakAtBeginningOfSignature)$", re.I
)


def kind(name: str, attributes: dict[str, str]) -> tuple[str, bool]:
    """`quote` or `signature` for an element that begins one, else "", and whether all that follows belongs to it."""
    classes = {one.lower().removeprefix("x_") for one in attributes.get("class", "")[:500].split()}
    identity = attributes.get("id", "")[:100]
    if name == "blockquote" and attributes.get("type", "").lower() == "cite":
        return "quote", False
    if classes & _QUOTE_CLASSES or _QUOTE_IDS.match(identity):
        return "quote", False
    if classes & _REST_CLASSES or _REST_IDS.match(identity):
        return "quote", True
    if name == "div" and _OUTLOOK_LINE.search(attributes.get("style", "")[:500]):
        return "quote", True
    if classes & _SIGNATURE_CLASSES or (identity and _SIGNATURE_IDS.match(identity)):
        return "signature", False
    return "", False
