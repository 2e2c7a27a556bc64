"""Bytes as text, for charsets as mails declare them: right, wrong, unknown or not at all. Nothing here raises.

The declared charset is tried in its widest form (what calls itself gb2312 is gb18030), then UTF-8, then a guess, then the
Western one with signs for what it does not know. A guess is right for long texts alone, so it needs a second reason.
"""

from __future__ import annotations

import codecs
import encodings
import pkgutil
import re
from dataclasses import dataclass, field
from encodings.aliases import aliases

from conversations.mail import limits

GUESSED = 64 * 1024  # bytes that the guess looks at
_LEAST_GUESSED = 200
_FOREIGN_SHARE = 0.25
"""Of the bytes, from which on a text is in no Western language, whatever it is."""

# No charsets of texts, or slow ones: punycode and idna need the square of the length.
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "aliases"}
_KNOWN = (
    {module.name for module in pkgutil.iter_modules(encodings.__path__)} | {*aliases, *aliases.values()}
) - _REFUSED
_WIDER = {
    "ascii": "utf_8", "us_ascii": "utf_8", "646": "utf_8", "iso_8859_1": "cp1252", "latin_1": "cp1252", "latin1": "cp1252",
    "iso8859_1": "cp1252", "iso_8859_9": "cp1254", "iso8859_9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "x_gbk": "gb18030",
    "big5": "big5hkscs", "big5_tw": "big5hkscs", "shift_jis": "cp932", "sjis": "cp932", "x_sjis": "cp932", "shiftjis": "cp932",
    "ks_c_5601_1987": "cp949", "ks_c_5601": "cp949", "euc_kr": "cp949", "euckr": "cp949", "iso_2022_jp": "iso2022_jp_ext",
    "iso2022_jp": "iso2022_jp_ext", "x_mac_cyrillic": "mac_cyrillic", "x_mac_roman": "mac_roman", "macintosh": "mac_roman",
    "iso_8859_8_i": "iso8859_8", "iso_8859_8_e": "iso8859_8", "x_ias_german": "latin_1", "unicode_1_1_utf_7": "utf_7",
    "utf8mb4": "utf_8", "ansi_x3.110_1983": "cp1252", "windows_31j": "cp932", "windows_874": "cp874", "windows_949": "cp949",
    "tis_620": "cp874", "x_windows_949": "cp949", "x_euc_jp": "euc_jp", "iso_8859_11": "cp874", "x_big5": "big5hkscs",
}  # fmt: skip
_LANGUAGES = {
    "ja": ("cp932", "shift_jis", "euc_jp", "iso2022_jp"), "ko": ("cp949", "euc_kr", "johab"), "zh": ("gb18030", "big5", "big5hkscs", "gbk", "gb2312"),
    "ru": ("cp1251", "koi8_r", "cp866", "mac_cyrillic"), "uk": ("cp1251", "koi8_u"), "bg": ("cp1251",), "el": ("cp1253", "iso8859_7"),
    "he": ("cp1255", "iso8859_8"), "ar": ("cp1256", "iso8859_6"), "th": ("cp874", "tis_620"), "tr": ("cp1254", "iso8859_9"),
    "pl": ("cp1250", "iso8859_2"), "cs": ("cp1250", "iso8859_2"), "hu": ("cp1250", "iso8859_2"),
}  # fmt: skip
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")
_HIGH = bytes(range(0x80, 0x100))


@dataclass
class Hints:
    """What the rest of a mail tells about its charsets, and how many guesses are left."""

    charsets: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    guesses: int = limits.GUESSES

    def agree(self, codec: str) -> bool:
        """Whether something in the mail speaks for the charset."""
        named = {known(charset) for charset in self.charsets}
        spoken = {one for language in self.languages for one in _LANGUAGES.get(language[:2].lower(), ())}
        return codec in named or codec in spoken


def known(charset: str) -> str:
    """The codec for a charset's name, in its widest form; "" for a name that no codec has."""
    name = encodings.normalize_encoding(charset.strip(" '\"\t").lower())[:40].strip("_")
    name = _WIDER.get(name, name)
    name = aliases.get(name, name)
    return name if name in _KNOWN else ""


def clean(text: str) -> str:
    """The text with `\\n` at the ends of its lines, and without what cannot be kept or seen: NUL, controls, half characters."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def decode(data: bytes, charset: str = "", hints: Hints | None = None) -> tuple[str, bool]:
    """The text of the bytes, clean, and whether every byte of it was understood."""
    hints = hints if hints is not None else Hints(guesses=0)
    codec = known(charset)
    for tried in dict.fromkeys((*_marked(data), codec, *_escaped(data), "utf_8", *_japanese(codec))):
        text = _strict(data, tried)
        if text is not None:
            return clean(text), True
    for tried in (codec, "utf_8"):
        text = _mostly(data, tried)
        if text is not None:
            return clean(text), False
    guess = _guess(data, hints)
    if guess is not None:
        return clean(guess), True
    text = data.decode("cp1252", "replace")
    return clean(text), "\ufffd" not in text


def _strict(data: bytes, codec: str) -> str | None:
    """The text, if every byte of it is right. Codecs raise more than one kind of error."""
    if not codec:
        return None
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        return data.decode("latin_1") if codec == "cp1252" and not _is_plausible_utf8(data) else None


def _is_plausible_utf8(data: bytes) -> bool:
    try:
        data.decode("utf_8")
    except UnicodeDecodeError:
        return False
    return True


def _marked(data: bytes) -> tuple[str, ...]:
    """Texts that begin with the mark of their charset."""
    return ("utf_16",) if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ()


def _escaped(data: bytes) -> tuple[str, ...]:
    """Mails of Japan that do not say so: 7 bits, with escapes to other sets."""
    return (
        ("iso2022_jp_ext",)
        if b"\x1b$" in data[:GUESSED] and not data[:GUESSED].translate(None, bytes(range(0x80)))
        else ()
    )


def _japanese(codec: str) -> tuple[str, ...]:
    """What calls itself iso-2022-jp and has 8 bits is one of these."""
    return ("euc_jp", "cp932") if codec == "iso2022_jp_ext" else ()


def _mostly(data: bytes, codec: str) -> str | None:
    """The text with signs for a few bytes that are wrong, such as half a character at its end."""
    if not codec or codec == "cp1252":
        return None
    try:
        text = data.decode(codec, "replace")
    except (UnicodeError, LookupError, ValueError):
        return None
    wrong = text.count("\ufffd")
    right = sum(1 for char in text[:GUESSED] if char > "\x7f") - wrong
    return text if wrong * 2 <= right else None


def _guess(data: bytes, hints: Hints) -> str | None:
    head = data[:GUESSED]
    foreign = len(head) - len(head.translate(None, _HIGH))
    if len(data) < _LEAST_GUESSED or hints.guesses <= 0:
        return None
    hints.guesses -= 1
    from charset_normalizer import from_bytes  # few mails need it

    try:
        best = from_bytes(head).best()
    except Exception:  # a guess is no reason to lose the mail
        return None
    if best is None or not (hints.agree(best.encoding) or foreign >= _FOREIGN_SHARE * len(head)):
        return None
    try:
        return data.decode(best.encoding, "replace")
    except (UnicodeError, LookupError, ValueError):
        return None
