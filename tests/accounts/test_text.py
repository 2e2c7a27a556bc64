"""Numbers in texts from outside: read only where they are plain digits and not beyond what a row can have."""

from __future__ import annotations

import pytest

from accounts.text import HIGHEST_ID, is_digits, whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("007", 7), (str(HIGHEST_ID), HIGHEST_ID)])
def test_digits_are_a_number(text: str, number: int) -> None:
    assert is_digits(text)
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["", " ", "7 ", "-7", "+7", "7.0", "1e3", "0x7", "seven", "²", "٧", "７", "7\n"])
def test_anything_else_is_none(text: str) -> None:
    assert not is_digits(text)
    assert whole_number(text) is None


@pytest.mark.parametrize("text", [str(HIGHEST_ID + 1), "9" * 5000, "0" * 5000])
def test_number_beyond_any_id_is_none(text: str) -> None:
    assert is_digits(text)
    assert whole_number(text) is None


def test_limit_is_the_highest_number_that_is_read() -> None:
    assert [whole_number(text, most=99) for text in ("98", "99", "100")] == [98, 99, None]
