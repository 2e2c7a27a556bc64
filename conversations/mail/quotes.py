"""A reply in plain text, apart from the history it quotes and the signature below it.

Nothing is lost: the parts together are the text. Answers that were written between quoted lines are kept with those lines, and
where everything looks quoted, everything is the reply.
"""

from __future__ import annotations

from dataclasses import dataclass

from conversations.mail import quote_patterns as patterns

_MOST_LINES = 20_000
"""Lines in which the beginning of the history is looked for; in what follows nobody writes an answer."""
_MOST_TRIED = 400  # lines that are held against the long patterns
_WRAPPED = 4  # lines over which "On … wrote:" may go
_LONGEST_ATTRIBUTION = 500
_HEADER_LINES = 8
_SIGNATURE_LINES = 15
_LEAST_RULE = 10  # characters of the line that mailing lists draw above theirs


@dataclass(frozen=True, slots=True)
class Split:
    """A text in its parts."""

    reply: str
    quoted: str = ""
    signature: str = ""


def split(text: str) -> Split:
    """The parts of a text; the reply is never empty where the text is not."""
    lines = text.split("\n")
    start, end = _history(lines)
    reply, quoted = [*lines[:start], *lines[end:]], lines[start:end]
    if not _has_text(reply):
        reply, quoted = lines, []
    above, signature = _signature(reply)
    if not _has_text(above):
        above, signature = reply, []
    return Split(_joined(above) or text, _joined(quoted), _joined(signature))


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n").rstrip()


def _has_text(lines: list[str]) -> bool:
    return any(char.isprintable() and char not in " >-_=*|" for line in lines for char in line)


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")


def _history(lines: list[str]) -> tuple[int, int]:
    """From which line to which one a mail quotes; twice the same where it does not."""
    nothing = len(lines), len(lines)
    tried = 0
    for index in range(min(len(lines), _MOST_LINES)):
        line = lines[index].strip(patterns.INVISIBLE)
        if not line or _is_quoted(line):
            continue
        is_line = line == patterns.SEPARATOR or patterns.ORIGINAL.match(line) or patterns.FRAMED.match(line[:500])
        if is_line or _is_header_block(lines, index):
            return _with_rule(lines, index), len(lines)
        if patterns.FORWARDED.match(line):
            return nothing  # What is forwarded is what the mail is about.
        if line[-1] in ":：" and tried < _MOST_TRIED:
            tried += 1
            begin = _attribution(lines, index)
            if begin is not None:
                return _below(lines, begin, index + 1)
    return _trailing(lines)


def _with_rule(lines: list[str], index: int) -> int:
    """The line, or the one above it that is only a rule."""
    above = index - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    return above if above >= 0 and patterns.RULE.match(lines[above].strip()) else index


def _is_header_block(lines: list[str], index: int) -> bool:
    """Whether From, Sent and To or Subject stand below each other, in any language."""
    if not patterns.FROM_LINE.match(lines[index][:500]):
        return False
    is_sent = is_other = False
    near = [line[:500] for line in lines[index + 1 : index + 2 * _HEADER_LINES] if line.strip()][:_HEADER_LINES]
    for line in near:
        is_sent = is_sent or patterns.SENT_LINE.match(line) is not None
        is_other = is_other or patterns.OTHER_LINE.match(line) is not None
    return is_sent and is_other


def _attribution(lines: list[str], last: int) -> int | None:
    """Where "On … wrote:" begins that ends with the line; None where the line does not end one."""
    wrapped: str = ""
    unopened: int | None = None
    for first in range(last, max(last - _WRAPPED, -1), -1):
        line = lines[first].strip(patterns.INVISIBLE)
        if not line or _is_quoted(line):
            break
        wrapped = f"{line} {wrapped}".strip()
        if len(wrapped) > _LONGEST_ATTRIBUTION:
            break
        if patterns.DATED.match(wrapped):
            return first
        if not patterns.VERB.search(wrapped):
            continue
        if any(opened.match(wrapped) for opened in patterns.OPENED) and _has_date_or_address(wrapped):
            return first
        if unopened is None and patterns.UNOPENED.match(wrapped):
            unopened = first
    return unopened


def _has_date_or_address(line: str) -> bool:
    return "@" in line or "<" in line or any(char.isdigit() for char in line)


def _below(lines: list[str], begin: int, after: int) -> tuple[int, int]:
    """What is quoted below "On … wrote:": all of it, or the lines with > if an answer follows them."""
    first = next((index for index in range(after, len(lines)) if lines[index].strip()), len(lines))
    if first == len(lines) or not _is_quoted(lines[first]):
        return begin, len(lines)
    end = first
    while end < len(lines) and (_is_quoted(lines[end]) or not lines[end].strip() or _is_broken_quote(lines, end)):
        end += 1
    rest = lines[end:]
    if not _has_text(rest):
        return begin, len(lines)
    if _goes_on(lines, end):
        return begin, len(lines)  # older history, quoted another way
    if any(_is_quoted(line) for line in rest):
        return len(lines), len(lines)  # The answers are between the quoted lines.
    above, _ = _signature(rest)
    if not _has_text(above) and _has_text(lines[:begin]):
        return begin, len(lines)  # the signature of the program that quoted
    return begin, end


def _goes_on(lines: list[str], start: int) -> bool:
    """Whether another "On … wrote:" is the first text from the line on."""
    first = next((index for index in range(start, len(lines)) if lines[index].strip()), len(lines))
    return any(_attribution(lines, last) == first for last in range(first, min(first + _WRAPPED, len(lines))))


def _is_broken_quote(lines: list[str], index: int) -> bool:
    """Whether a line is the end of the quoted line above it, which was broken on its way."""
    above = lines[index - 1]
    follows = lines[index + 1] if index + 1 < len(lines) else ""
    return _is_quoted(above) and len(above) >= 60 and len(lines[index]) < 30 and _is_quoted(follows)


def _trailing(lines: list[str]) -> tuple[int, int]:
    """The quoted lines at the end, with the line above them that introduces them."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    start = end
    while start and (_is_quoted(lines[start - 1]) or not lines[start - 1].strip()):
        start -= 1
    if not any(_is_quoted(line) for line in lines[start:end]) or any(_is_quoted(line) for line in lines[:start]):
        return len(lines), len(lines)  # none, or answers between them
    above = lines[start - 1].strip()[:_LONGEST_ATTRIBUTION] if start else ""
    return start - 1 if start > 1 and patterns.ABOVE_QUOTE.match(above) else start, len(lines)


def _signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """The lines above the signature, and the signature."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    for start in range(end - 1, max(end - _SIGNATURE_LINES - 1, -1), -1):
        line = lines[start].strip()
        if patterns.DELIMITER.match(line) or (len(line) >= _LEAST_RULE and set(line) == {"_"}):
            return lines[:start], lines[start:]
    start = end
    while (
        start
        and len(line := lines[start - 1].strip()) <= patterns.PHONE_LONGEST
        and (not line or patterns.PHONE.match(line))
    ):
        start -= 1
    return lines[:start], lines[start:]
