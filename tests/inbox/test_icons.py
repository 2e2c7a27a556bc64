"""Icons of the screens."""

from __future__ import annotations

import pytest

from conversations.screens.formatting import icon


@pytest.mark.parametrize(("name", "is_turned"), [("arrow-left", True), ("chevron-right", True), ("check", False)])
def test_icons_that_point_along_the_line_turn_where_it_runs_from_right_to_left(name: str, is_turned: bool) -> None:
    assert ("icon--turned" in icon(name)) is is_turned
