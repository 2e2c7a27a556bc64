"""Forms as providers post them. Fields stay bytes: a whole mail may be in one, of any size and in any charset."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from conversations.mail import charsets, headers

MOST = 1_000
"""Fields and files of a form."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """Fields and files by their names; of several the last."""

    fields: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)

    def text(self, name: str, charset: str = "utf-8") -> str:
        """A field as text; "" for one that is not there."""
        return charsets.decode(self.fields.get(name, b""), charset)[0]


def read(body: bytes, content_type: str) -> Form:
    """The form in a body; an empty one where there is none."""
    kind, parameters = headers.parameters(content_type.encode("utf-8", "replace"))
    if kind == "multipart/form-data" and (boundary := parameters.get("boundary")):
        return _multipart(body, boundary.encode("utf-8", "replace"))
    if kind == "application/x-www-form-urlencoded":
        try:
            pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST)
        except ValueError:
            return Form()
        return Form({name.decode("utf-8", "replace"): value for name, value in pairs})
    return Form()


def _multipart(body: bytes, boundary: bytes) -> Form:
    form = Form()
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary, MOST)[1:]:
        if part.startswith(b"--"):
            break
        start = 2 if part.startswith(b"\r\n") else 0
        found, position = headers.split(part, start, len(part))
        _, parameters = headers.parameters(found.first("content-disposition"))
        name = parameters.get("name", "")
        if "filename" in parameters:
            kind = headers.type_or_none(headers.parameters(found.first("content-type"))[0])
            form.files[name] = File(parameters["filename"], kind or "application/octet-stream", part[position:])
        elif name:
            form.fields[name] = part[position:]
    return form
