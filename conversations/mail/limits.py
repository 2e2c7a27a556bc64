"""How much of a mail is read. Each limit stops a mail that was made to cost time; none is reached by mails that people write."""

from __future__ import annotations

RAW = 25 * 1024 * 1024
"""Bytes of a mail."""
HEADER_BLOCK = 256 * 1024
"""Bytes of the headers of a mail or of one of its parts."""
HEADERS = 1_000
"""Headers of a mail or of one of its parts."""
HEADER = 16 * 1024
"""Bytes of one header."""
PARAMETERS = 4 * 1024
"""Bytes of a Content-Type or a Content-Disposition."""
ADDRESSES = 100
"""Addresses of one header, and ids of one header."""
PARTS = 500
DEPTH = 20
"""Multiparts inside each other."""
DELIMITERS = 10_000
"""Lines of a mail that may separate parts."""
TEXT = 1_000_000
"""Characters of the text of a mail."""
HTML = 1_000_000
"""Characters of HTML that are shown as HTML."""
HTML_TAGS = 50_000
HTML_STEPS = 2_000_000
"""Open elements that are looked at to find where a tag belongs."""
HTML_DEPTH = 256
"""Elements inside each other."""
SUBJECT = 1_000
"""Characters of the subject."""
FILE_NAME = 200
"""Characters of an attachment's name."""
GUESSES = 5
"""Texts of a mail whose charset is guessed."""
CALENDAR = 256 * 1024
"""Bytes of an invitation that are read."""
TNEF_OBJECTS = 2_000
"""Objects in a winmail.dat."""
