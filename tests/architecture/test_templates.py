"""Templates are read and edited by people: no long lines, and every address is written once."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_LINE = 160
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt"))
_ADDRESS = re.compile(r"{% (?:url|place_url) (.+?)(?: as \w+)? %}|\b(?:place_)?url\((.+?)\)")
_WITH_SCRIPT = re.compile(r'hx-(?:get|post|put|patch|delete)="([^"]*)"')
_WITHOUT_SCRIPT = re.compile(r'(?<!-)\b(?:action|formaction|href)="([^"]*)"')
_VARIABLE = re.compile(r"{{ [\w.]+ }}")
_CANCEL_LAST = re.compile(
    r'btn--(?:main|bad)"(?:(?!class="btn)[\s\S])*?</(?:button|a)>\s*<(?:a|button)\s[^<]*?{{ _\("Cancel"\) }}'
)

each_template = pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))


@each_template
def test_no_line_is_too_long_to_read(path: Path) -> None:
    lines = enumerate(path.read_text().splitlines(), 1)
    too_long = [f"line {number} has {len(line)} characters" for number, line in lines if len(line) > LONGEST_LINE]
    assert not too_long, f"break it, one attribute a line: {too_long}"


@each_template
def test_an_address_is_written_once(path: Path) -> None:
    times = Counter((old or new).replace("'", '"') for old, new in _ADDRESS.findall(path.read_text()))
    twice = [address for address, count in times.items() if count > 1]
    assert not twice, f"give it a name with `as`, and use that: {twice}"


@each_template
def test_an_address_with_and_without_script_is_one_variable(path: Path) -> None:
    source = path.read_text()
    both = set(_WITH_SCRIPT.findall(source)) & set(_WITHOUT_SCRIPT.findall(source))
    assert not [address for address in both if not _VARIABLE.fullmatch(address)]


@each_template
def test_cancel_comes_before_what_it_cancels(path: Path) -> None:
    assert not _CANCEL_LAST.search(path.read_text()), "the button that does it is the last one, everywhere"
