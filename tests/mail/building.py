"""Mails of the tests' own making."""

from __future__ import annotations


def mail(body: str | bytes = "Hello", **headers: str) -> bytes:
    """The bytes of a mail with the headers, whose names are written with underscores."""
    lines = {"From": "Ada <ada@example.com>", **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode() + b"\r\n" + (body.encode() if isinstance(body, str) else body)


def parts(*pieces: str, kind: str = "mixed", **headers: str) -> bytes:
    """A multipart of the pieces, each with its headers."""
    body = "".join(f"--cut\r\n{piece}\r\n" for piece in pieces) + "--cut--\r\n"
    return mail(body, **{"Content_Type": f'multipart/{kind}; boundary="cut"', **headers})


def html(text: str) -> bytes:
    return mail(text, Content_Type="text/html; charset=utf-8")
