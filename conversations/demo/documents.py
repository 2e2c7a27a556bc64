"""Reads the files in `content/`: TOML, and Markdown below TOML front matter. An error names the file and the field."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rest_framework import serializers

from accounts.errors import Invalid

CONTENT = Path(__file__).parent / "content"
_FENCE = "+++"


class Fields(serializers.Serializer[Any]):
    """What a file or one of its tables holds; a field that is not declared is an error."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(data.keys() - self.fields.keys())):
            known = f"unknown field; there are {', '.join(self.fields)}"
            raise serializers.ValidationError({unknown[0]: [known]})
        return super().to_internal_value(data)


@dataclass(frozen=True, slots=True)
class Document:
    """A Markdown file: its name within the content, its checked front matter, and the text below."""

    name: str
    fields: dict[str, Any]
    text: str


def documents(pattern: str, fields: type[Fields]) -> Iterator[Document]:
    """The Markdown files that match, in the order of their paths. Raises Invalid."""
    for path in sorted(CONTENT.glob(pattern)):
        yield document(path.relative_to(CONTENT).as_posix(), fields)


def document(name: str, fields: type[Fields]) -> Document:
    """The Markdown file of that name. Raises Invalid."""
    opening, _, rest = _read(name).partition(f"{_FENCE}\n")
    front, closing, text = rest.partition(f"\n{_FENCE}\n")
    if opening or not closing:
        raise Invalid(f"begin with fields between two lines of {_FENCE}", field=name)
    if not text.strip():
        raise Invalid("there is no text below the fields", field=name)
    return Document(name, checked(_parsed(front, name), fields, name), text.strip())


def table(name: str, fields: type[Fields]) -> dict[str, Any]:
    """The TOML file of that name. Raises Invalid."""
    return checked(_parsed(_read(name), name), fields, name)


def checked(values: Mapping[str, Any], fields: type[Fields], name: str) -> dict[str, Any]:
    """The values as the fields want them; `name` is the file. Raises Invalid."""
    serializer = fields(data=values)
    if not serializer.is_valid():
        raise Invalid(_first_error(serializer.errors), field=name)
    return dict(serializer.validated_data)


def _read(name: str) -> str:
    try:
        return (CONTENT / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"cannot be read: {error}", field=name) from error


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"is not valid TOML: {error}", field=name) from error


def _first_error(errors: Any) -> str:
    """`channels, 2: …` from nested errors; list entries count from 1."""
    if isinstance(errors, list) and any(isinstance(error, Mapping) for error in errors):
        errors = {number: error for number, error in enumerate(errors) if error}
    if not isinstance(errors, Mapping):
        return str(errors[0])
    key, inner = next(iter(errors.items()))
    rest = _first_error(inner)
    place = f"entry {key + 1}" if isinstance(key, int) else key
    return f"{place}, {rest}" if isinstance(inner, Mapping) else f"{place}: {rest}"
