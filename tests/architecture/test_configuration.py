"""Every setting that an operator can make is described where operators look."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
READ = re.compile(r'env\.(?:text|flag|number|decimal|names|choice|origin|hosts|origins)\(\s*"([A-Z_]+)"')
NAMES = sorted({name for path in (ROOT / "config").rglob("*.py") for name in READ.findall(path.read_text())})


@pytest.mark.parametrize("name", NAMES)
def test_setting_is_described(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "configuration.md").read_text()


def test_settings_are_read_from_the_environment_alone() -> None:
    assert {"DESK_HOME", "DATABASE_URL", "PORT", "SECRET_KEY"} <= set(NAMES)


def test_every_setting_reaches_every_role_in_a_container() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    fixed = {"DATABASE_URL", "SECRET_KEY", "PUBLIC_URL", "DESK_HOME", "HOST", "PORT"}
    for role in ("release", "web", "worker"):
        assert services[role]["env_file"] == [{"path": ".env", "required": False}]
        assert set(services[role]["environment"]) == fixed, "whatever stands here takes no value from .env"
