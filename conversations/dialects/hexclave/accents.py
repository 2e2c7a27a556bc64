"""One product, two accents: what both read is declared once in the customers' snake_case, and here in the agents' camelCase."""

from __future__ import annotations

from typing import Any, TypeVar

from conversations.api.outputs import Output

O = TypeVar("O", bound=type[Output])  # noqa: E741 - an output's class

_AGENTS: dict[type[Output], type[Output]] = {}


def camel(name: str) -> str:
    """A snake_case name in camelCase."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def in_camel_case(output: O) -> O:
    """A class decorator: the fields, also inherited ones, are in camelCase, for agents."""
    output._declared_fields = {camel(name): _respelled(name, one) for name, one in output._declared_fields.items()}
    _AGENTS[output.__bases__[0]] = _AGENTS[output] = output
    return output


def for_agents(output: type[Output]) -> type[Output]:
    """The agents' version of an output: the decorated subclass, or the same fields in camelCase."""
    if output not in _AGENTS:
        in_camel_case(type(output.__name__.replace("Hexclave", "HexclaveAgent"), (output,), {}))
    return _AGENTS[output]


def _respelled(name: str, field: Any) -> Any:
    """A copy of the field with its old name as the source where the new one differs; nested fields likewise."""
    known: dict[str, Any] = dict(field._kwargs)
    if camel(name) != name and known.get("source") is None:
        known["source"] = name
    if "child" in known:
        known["child"] = _respelled("", known["child"])
    kind = for_agents(type(field)) if isinstance(field, Output) else type(field)
    return kind(*field._args, **known)
