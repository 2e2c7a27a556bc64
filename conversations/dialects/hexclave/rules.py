"""Rules for requests, with the semantics and messages of yup: clients see and parse its lines.

A rule's `check` returns the value as it will be used and adds a line for each thing that is wrong. Ordinary bodies are
cast (12 is "12") and trimmed; in strict mode, which members of a union are checked in, nothing is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import orjson

from accounts.text import VISIBLE, is_blank


class _Missing:
    """JavaScript's undefined."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
_BLANKS = "".join(
    map(chr, [*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF])
)  # fmt: skip
"""The characters that are trimmed: white space of JavaScript and of Python alike."""
END = r"(?![\s\S])"
"""The end of a text in a pattern; `$` would match before a final line feed too, in Python."""
_NOT_SPACE = r"[^\s\u001c-\u001f\u0085]"
_TRIMMED = rf"^(?=[\s\S]*{VISIBLE}){_NOT_SPACE}([\s\S]*{_NOT_SPACE})?{END}"
_MOST_NAMES, _LONGEST_NAME, _LONGEST_VALUE = 20, 100, 1000


class Rule(Protocol):
    """A rule for one value."""

    @property
    def is_required(self) -> bool: ...

    def check(self, value: Any, path: str, lines: list[str], *, strict: bool = False) -> Any: ...

    def openapi(self, *, strict: bool = False) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A string. `fits` may return an error message, which follows the path."""

    is_required: bool = True
    is_nullable: bool = False
    default: str | None = None
    trims: bool = False
    shortest: int = 0
    longest: int | None = None
    values: tuple[str, ...] = ()
    fits: Callable[[str], str | None] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def check(self, value: Any, path: str, lines: list[str], *, strict: bool = False) -> Any:
        if value is MISSING:
            if self.default is not None:
                return self.default
            if self.is_required:
                lines.append(f"{path} must be defined")
            return MISSING
        if value is None:
            if not self.is_nullable:
                lines.append(f"{path} cannot be null")
            return None
        if not strict:
            value = _as_text(value)
            value = value.strip(_BLANKS) if self.trims and isinstance(value, str) else value
        if not isinstance(value, str):
            lines.append(_wrong_type(path, "string", value))
            return value
        if self.values and value not in self.values:
            lines.append(f"{path} must be one of the following values: {', '.join(self.values)}")
            return value
        lines.extend(f"{path} {message}" for message in self._complaints(value))
        return value

    def _complaints(self, value: str) -> list[str]:
        messages = []
        if self.trims and value != value.strip(_BLANKS):
            messages.append("must be a trimmed string")
        # An invisible text counts as empty.
        is_empty = self.trims and self.shortest and is_blank(value) and "\x00" not in value
        if len(value) < self.shortest or is_empty:
            messages.append(f"must be at least {self.shortest} characters")
        if self.longest is not None and len(value) > self.longest:
            messages.append(f"must be at most {self.longest} characters")
        complaint = self.fits(value) if self.fits is not None else None
        if complaint is None and "\x00" in value:
            complaint = "must not contain NUL characters"
        if complaint is not None:
            messages.append(complaint)
        return messages

    def openapi(self, *, strict: bool = False) -> dict[str, Any]:
        shape: dict[str, Any] = {"type": ["string", "null"] if self.is_nullable else "string"}
        if not strict and not self.values and self.fits is None:
            shape["type"] = ["string", "number", "boolean"]
        if self.values:
            shape["enum"] = list(self.values)
        if self.default is not None:
            shape["default"] = self.default
        if self.shortest:
            shape["minLength"] = self.shortest
        if self.longest is not None:
            shape["maxLength"] = self.longest
        if self.trims:
            shape["pattern"] = _TRIMMED if strict else VISIBLE
        return {**shape, **self.about}


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """A list of strings, kept as given. Used in strict mode alone."""

    most: int
    each: Text
    is_required: bool = False

    def check(self, value: Any, path: str, lines: list[str], *, strict: bool = False) -> Any:
        if value is MISSING:
            if self.is_required:
                lines.append(f"{path} must be defined")
            return MISSING
        if value is None:
            lines.append(f"{path} cannot be null")
            return None
        if not isinstance(value, list):
            lines.append(_wrong_type(path, "array", value))
            return value
        if len(value) > self.most:
            lines.append(f"{path} field must have less than or equal to {self.most} items")
            return value
        return [self.each.check(item, f"{path}[{n}]", lines, strict=strict) for n, item in enumerate(value)]

    def openapi(self, *, strict: bool = False) -> dict[str, Any]:
        return {"type": "array", "items": self.each.openapi(strict=strict), "maxItems": self.most}


@dataclass(frozen=True, slots=True)
class Shape:
    """An object with these keys and no others."""

    fields: Mapping[str, Rule]
    is_required: bool = True

    def check(self, value: Any, path: str, lines: list[str], *, strict: bool = False) -> Any:
        if value is MISSING:
            lines.append(f"{path} must be defined")
            return value
        if value is None:
            lines.append(f"{path} cannot be null")
            return value
        if not isinstance(value, dict):
            lines.append(_wrong_type(path, "object", value))
            return value
        checked = {
            name: rule.check(value.get(name, MISSING), f"{path}.{name}", lines, strict=strict)
            for name, rule in self.fields.items()
        }
        unknown = [name[:_LONGEST_NAME] for name in value if name not in self.fields]
        if unknown:
            lines.append(f"{path} contains unknown properties: {', '.join(unknown[:_MOST_NAMES])}")
        return {name: inner for name, inner in checked.items() if inner is not MISSING}

    def openapi(self, *, strict: bool = False) -> dict[str, Any]:
        required = [name for name, rule in self.fields.items() if rule.is_required]
        shape: dict[str, Any] = {
            "type": "object",
            "properties": {name: rule.openapi(strict=strict) for name, rule in self.fields.items()},
            "additionalProperties": False,
        }
        return {**shape, "required": required} if required else shape


@dataclass(frozen=True, slots=True)
class Union:
    """One of several shapes, which differ in the value of `type`."""

    members: tuple[Shape, ...]
    is_required: bool = True

    def check(self, value: Any, path: str, lines: list[str], *, strict: bool = False) -> Any:
        if value is MISSING or value is None:
            lines.append(f"{path} must be defined" if value is MISSING else f"{path} cannot be null")
            return value
        refused = [f"{path} is not matched by any of the provided schemas:"]
        for number, member in enumerate(self.members):
            inner: list[str] = []
            checked = member.check(value, path, inner, strict=True)
            if not inner:
                return checked
            refused += [f"  Schema {number}:", *(f"    {line}".replace("\n", "\n    ") for line in inner)]
        lines.append("\n".join(refused))
        return value

    def openapi(self, *, strict: bool = False) -> dict[str, Any]:
        return {"oneOf": [member.openapi(strict=True) for member in self.members]}


def _as_text(value: Any) -> Any:
    """A scalar as JavaScript makes a string of it; a list or an object stays what it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
    return value


def _wrong_type(path: str, wanted: str, value: Any) -> str:
    try:
        shown = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()[:_LONGEST_VALUE]
    except TypeError:
        # orjson reads deeper nesting than it writes.
        shown = "[deep]"
    return f"{path} must be a `{wanted}` type, but the final value was: `{shown}`."
