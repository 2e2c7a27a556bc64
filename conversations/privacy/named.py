"""Whether what somebody has written names a person by an address, whole: `ann@x.example` is no part of `joann@x.example`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from conversations.texts import phones, recipients

_RECIPIENTS = ("to", "cc", "bcc")


class Named:
    """Looks for the email addresses, and the phone numbers in E.164, among `known`; what else is in it names nobody."""

    def __init__(self, known: Iterable[str]) -> None:
        known = [one.lower() for one in known]
        self.mails = {one for one in known if "@" in one}
        self.phones = {one for one in known if one.startswith("+") and phones.e164(one) == one}
        mails = (rf"(?<![\w.+-]){re.escape(one)}(?![\w-]|\.\w)" for one in sorted(self.mails))
        numbers = (rf"(?<![\w+]){re.escape(one)}(?!\w)" for one in sorted(self.phones))
        self._pattern = re.compile("|".join([*mails, *numbers]), re.IGNORECASE)

    def __bool__(self) -> bool:
        return bool(self.mails or self.phones)

    def in_text(self, text: str) -> bool:
        """Whether a text has one of them."""
        return bool(self) and self._pattern.search(text) is not None

    def in_mail(self, along: Mapping[str, str], body: str) -> bool:
        """Whether a mail goes to one of them, or has one in its fields or its text."""
        typed = along.get("phone", "")
        if typed and phones.e164(typed) in self.phones:
            return True
        texts = [body, *(text for name, text in along.items() if name not in _RECIPIENTS)]
        return any(map(self.in_text, texts)) or any(self._in_line(along.get(name, "")) for name in _RECIPIENTS)

    def _in_line(self, line: str) -> bool:
        try:
            people = recipients.people(line)
        except ValueError:  # half typed
            return self.in_text(line)
        return not self.mails.isdisjoint(people) or any(map(self.in_text, people.values()))
