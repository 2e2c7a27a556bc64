"""Every setting that an operator can make is described where operators look."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
READ = re.compile(r'env\.(?:text|flag|number|decimal|names|choice|origin|hosts|origins)\(\s*"([A-Z_]+)"')
NAMES = sorted({name for path in (ROOT / "config").rglob("*.py") for name in READ.findall(path.read_text())})


@pytest.mark.parametrize("name", NAMES)
def test_setting_is_described(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "configuration.md").read_text()


def test_settings_are_read_from_the_environment_alone() -> None:
    assert {"DESK_HOME", "DATABASE_URL", "PORT", "SECRET_KEY"} <= set(NAMES)
