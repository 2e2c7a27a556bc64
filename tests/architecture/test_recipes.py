"""The recipes of CONTRIBUTING.md, performed on a copy: what they say is all that has to be done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from tests.architecture import recipes

Perform = Callable[..., recipes.Copy]


@pytest.fixture
def perform(tmp_path: Path, db: None) -> Perform:
    """Performs a recipe, and proves that the law is kept and that it does what it promises."""

    def performed(title: str, *, proof: str) -> recipes.Copy:
        copy = recipes.perform(title, tmp_path / "copy")
        recipes.lint(copy)
        recipes.prove(copy, proof, database=connection.settings_dict["NAME"])
        return copy

    return performed


def test_channel_is_a_folder_a_stored_value_and_its_migration(perform: Perform) -> None:
    copy = perform("Add a channel", proof="channel")
    folder = {f"conversations/channels/sms/{name}.py" for name in ("__init__", "delivery")}
    (migration,) = copy.added - folder
    assert migration.startswith("conversations/migrations/")
    assert migration.endswith("_sms.py")
    assert copy.changed == {"conversations/models/conversation.py": ['    SMS = "sms", "SMS"']}


def test_reaction_is_a_file_and_a_line(perform: Perform) -> None:
    copy = perform("Add a reaction", proof="reaction")
    assert copy.added == {"conversations/notifications/customer_replies.py"}
    assert {path: len(lines) for path, lines in copy.changed.items()} == {"conversations/reactions.py": 1}


def test_screen_is_a_folder_a_template_and_a_line(perform: Perform) -> None:
    copy = perform("Add a screen", proof="screen")
    folder = {f"conversations/screens/tags/{name}.py" for name in ("__init__", "section", "urls", "views")}
    assert copy.added == folder | {"templates/screens/tags/page.html"}
    assert copy.changed == {"conversations/screens/sections.py": ['    "tags",']}


def test_background_part_is_a_file_and_a_line_with_its_import(perform: Perform) -> None:
    copy = perform("Add a background part", proof="background")
    assert copy.added == {"conversations/notifications/backlog.py"}
    (lines,) = copy.changed.values()
    assert [line.startswith("from ") for line in lines] == [True, False]


def test_wire_format_is_a_folder_and_no_other_file(perform: Perform) -> None:
    copy = perform("Add a wire format", proof="wire_format")
    names = ("__init__.py", "error_bodies.py", "shapes.py", "filters.py", "views.py", "urls.py", "bodies.json")
    assert copy.added == {f"conversations/dialects/pigeon/{name}" for name in names}
    assert copy.changed == {}
