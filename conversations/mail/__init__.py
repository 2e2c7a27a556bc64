"""Mails as they come from outside: bytes become a `ParsedMail`, whatever they hold.

For: reading inbound mail safely: its addresses, texts, attachments, marks of robots and delivery reports.
In: the raw bytes of one mail, as a server or a provider handed them over.
Out: small frozen dataclasses (`parsed.py`); `Unreadable` for what is no mail. No rows, no settings, no clock, no network.
Who may import it: everything in `conversations` but `texts`. It imports nothing of the desk.

Begin with `parsing.py`, which reads down: the parts of the bytes (`parts.py`), their headers (`headers.py`, `addresses.py`),
their bodies (`bodies.py`, `charsets.py`, `html.py`), and the reply apart from what it quotes (`quotes.py`).
`robots.py`, `reports.py` and `authentication.py` judge a mail that is read.
"""
