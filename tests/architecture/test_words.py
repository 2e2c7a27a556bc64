"""People read the words of CONTRIBUTING.md in screens, mails, errors and API texts; names and docstrings use plain ones too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BANNED = {
    r"\boperators?\b": "on screens: agent, member, or the people who run this desk",
    r"\b(?:asleep|awake|woken?|woke|wakes?|sleeps?)\b": "snoozed, unsnooze",
    r"\bback room\b|\blately\b|\bwhat the desk (?:knows|keeps)\b": "Administration, Recent activity, System fields, knowledge base",
    r"\bkeeps? silent\b": "stopped replying",
    r"\bstands? here\b": "appears here",
    r"\bcall(?:s|ed|ing)? (?:you|people|the team|a person)\b[^.]*\bin\b|\bgiven to people\b": "hand over, handed over",
    r"\bowes?\b": "waiting on customer, waiting for a reply",
    r"\bdivided by commas\b": "separated by commas",
    r"\b(?:come|came|comes) into being\b": "created",
    r"\bnot one of ours\b|\bis no (?:agent|member)\b": "invalid, is not a",
    r"\ba moment to come\b": "in the future",
    r"\bis yours\b(?!:)|\bnobody has (?:it|proven)\b|\btook it\b": "Assigned to you, Unassigned, Identity not verified",
    r"\b(?:answers?|answer) rests? on\b|\brest on it\b": "used in answers",
    r"\bsolved\b": "resolved; `solved` is a value of Woes",
    r"\blabels?\b": "tag",
    r"\bassistant\b[^.]*\bdrafts?\b|\bdrafts?\b[^.]*\bassistant\b": "suggestion, for agents; answer, for customers",
    r"\bwhoever\b": "name them: the agent, the customer, anyone who",
}
SCREENS = (
    "templates",
    "conversations/screens",
    "conversations/static",
    "accounts/signin",
    "accounts/admin",
    "accounts/static",
)
TEXTS = (
    *SCREENS, "conversations/admin", "tickets", "accounts/actions", "conversations/actions", "conversations/assistant", "conversations/knowledge",
    "conversations/dialects", "conversations/api", "accounts/events.py",
    "conversations/events.py", "conversations/tasks.py", "accounts/management", "conversations/management", "conversations/queries",
)  # fmt: skip


@cache
def texts(path: Path) -> tuple[tuple[int, str], ...]:
    """What a file holds for people, with its line: sentences, without code and comments."""
    return tuple(_texts(path))


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    source = path.read_text()
    if path.suffix == ".py":
        yield from _of_python(ast.parse(source))
    elif path.suffix == ".js":
        bare = re.sub(r"(?m)(?:^|\s)//.*$|/\*.*?\*/", "", source)
        for found in re.finditer(r"'([^'\n]* [^'\n]*)'|`([^`\n]* [^`\n]*)`", bare):
            yield bare[: found.start()].count("\n") + 1, re.sub(r"\$\{[^}]*\}", "…", found[1] or found[2])
    else:
        yield from _of_template(source)


def _of_template(source: str) -> Iterator[tuple[int, str]]:
    """The text between the tags, what is translated, and the attributes that are read; each with the line it stands on."""
    for call in re.finditer(r"(?:\b(?:_|n?p?gettext)\(|{%-? *trans(?:late)? )(.*?)[\"'] *(?:[,)]|-?%})", source):
        yield source.count("\n", 0, call.start()) + 1, call[1]
    shown = re.compile(r'(?:title|aria-label|placeholder|alt|content)="([^"]*)"')
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source)
    for tag in re.finditer(r"<[^>]*>", bare):
        for attribute in shown.finditer(tag[0]):
            yield bare.count("\n", 0, tag.start() + attribute.start()) + 1, attribute[1]
    without_tags = re.sub(r"<[^>]*>", lambda tag: " " + "\n" * tag[0].count("\n"), bare)
    yield from enumerate(without_tags.splitlines(), 1)


def _of_python(tree: ast.Module) -> Iterator[tuple[int, str]]:
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            without_code = re.sub(r"`[^`]*`|--[\w-]+", "", node.value)
            if " " in without_code.strip() and not re.search(
                r"\b(?:SELECT|INSERT|UPDATE|WHERE)\b|\(\?:|\\b", without_code
            ):
                yield node.lineno, without_code


def files(*places: str) -> list[Path]:
    """The templates, scripts and modules in the places."""
    kinds = {".html", ".txt", ".py", ".js"}
    found = (path for place in places for path in [ROOT / place, *(ROOT / place).rglob("*")])
    return sorted({path for path in found if path.suffix in kinds and "examples" not in path.parts})


@pytest.mark.parametrize("pattern", BANNED)
def test_people_read_the_words_of_the_field(pattern: str) -> None:
    wanted = re.compile(pattern, re.IGNORECASE)
    places = SCREENS if "operator" in pattern else TEXTS
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text.strip()[:90]}"
        for path in files(*places)
        for line, text in texts(path)
        if wanted.search(text)
    ]
    assert not found, f"write {BANNED[pattern]}:\n" + "\n".join(found)


# --- Names and docstrings -----------------------------------------------------------------------

VAGUE_MODULES = {"desk", "figures", "likeness", "rows", "waiting", "wire", "words"}
"""Names of modules that do not say what is inside."""
UNCLEAR = {
    r"told": "notified, sent, shown, printed",
    r"said": "text, body, messages",
    r"stir|stirs|stirred": "notify",
    r"hear|hears|heard": "subscribe, run, receive",
    r"wake|wakes|woke|woken|asleep|awake": "unsnooze, notify",
    r"news": "changes, unread, replies",
    r"tend|tends|tended": "maintain, recover",
    r"whoever": "name them: the agent, the customer, the caller, the operator",
}
STORED = {"heard"}
"""Columns keep their names."""
PLAIN = ("accounts", "config", "tickets", "conversations", "tests")
"""Where names and docstrings are checked."""


def modules(*places: str) -> list[Path]:
    """The modules in the places, without migrations, whose contents stay as they were applied."""
    return [path for path in files(*places) if path.suffix == ".py" and "migrations" not in path.parts]


@cache
def plain(path: Path) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """The names and the docstrings of a module."""
    tree = ast.parse(path.read_text())
    return list(names(tree)), list(docstrings(tree))


def names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What a module names by itself, with its line: functions, classes, parameters and variables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The strings that stand for themselves, without the code in them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, re.sub(r"`[^`]*`", "", node.value.value)


def test_a_modules_name_says_what_is_inside() -> None:
    vague = [str(path.relative_to(ROOT)) for path in modules(*PLAIN) if path.stem in VAGUE_MODULES]
    assert not vague


@pytest.mark.parametrize("word", UNCLEAR)
def test_names_and_docstrings_use_plain_words(word: str) -> None:
    in_name, in_text = re.compile(rf"(?:^|_)(?:{word})(?:_|$)", re.IGNORECASE), re.compile(rf"\b(?:{word})\b", re.I)
    found = []
    for path in modules(*PLAIN):
        named, explained = plain(path)
        lines = [(line, name) for line, name in named if in_name.search(name) and name not in STORED]
        lines += [(line, text) for line, text in explained if in_text.search(text)]
        found += [f"{path.relative_to(ROOT)}:{line}: {text.strip()[:90]}" for line, text in lines]
    assert not found, f"write {UNCLEAR[word]}:\n" + "\n".join(found)
