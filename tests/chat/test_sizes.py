"""What a website pays for its chat: bytes as they are sent."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from conversations.chat import languages
from conversations.models import Widget

LOADER, FRAME = 4 * 1024, 60 * 1024

pytestmark = pytest.mark.django_db


def sent(content: bytes) -> int:
    return len(gzip.compress(content))


def test_loader_has_four_kilobytes(widget: Widget) -> None:
    assert sent(Client().get("/widget.js").content) <= LOADER
    for code in languages.names():
        assert sent(Client().get(f"/widget/{widget.key}/config.js?locale={code}").content) <= 1024


@pytest.mark.parametrize("code", ["en", "ar"])
def test_frame_has_sixty_kilobytes_with_everything_that_it_loads(widget: Widget, code: str) -> None:
    page = Client().get(f"/widget/{widget.key}/?locale={code}").content
    names = re.findall(r'(?:src|href)="/static/([^"]+)"', page.decode())
    assert len(names) > 5
    size = sent(page) + sum(sent(Path(str(finders.find(name))).read_bytes()) for name in names)
    assert size <= FRAME, size
    assert size > 10_000
