"""What all texts from outside are asked."""

from __future__ import annotations

import re
import unicodedata

# Shown as nothing, though Unicode calls them letters, symbols or marks.
_EMPTY = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def is_blank(value: str) -> bool:
    """Whether nothing in the text is visible: spaces, control and format characters, fillers."""
    return all(unicodedata.category(char) in ("Zs", "Zl", "Zp", "Cc", "Cf") for char in _EMPTY.sub("", value))
