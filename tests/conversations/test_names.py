"""How people are greeted, as far as their names tell."""

from __future__ import annotations

import pytest

from conversations.texts import names


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("Anna Weber", "Anna"), ("Dr. Anna Weber", "Anna"), ("Dr.Anna Weber", "Anna"), ("Prof. Dr. med. Hans Meier", "Hans"),
        ("Mrs Jo Ng", "Jo"), ("M. Jean Dupont", "Jean"), ("Sr. Juan Pérez", "Juan"), ("Dott.ssa Maria Rossi", "Maria"),
        ("WEBER, Anna", "Anna"), ("Weber, Dr. Anna", "Anna"), ("de la Cruz, Ana", "Ana"), ("O'Brien, Pat", "Pat"),
        ("Anna Weber, PhD", "Anna"), ("Anna Weber, M.D., MBA", "Anna"),
        ("ANNA WEBER", "Anna"), ("JEAN-PIERRE O'NEIL", "Jean-Pierre"), ("WEBER Anna", "Anna"), ("Anna WEBER", "Anna"),
        ("Frau Weber", "Frau Weber"), ("Dr. Weber", "Dr. Weber"), ("M. Dupont", "M. Dupont"), ("Herr Dr. Müller", "Herr Dr. Müller"),
        ("Dr. von Braun", "Dr. von Braun"), ("J. Weber", "J. Weber"), ("Madonna", "Madonna"), ("AJ Smith", "AJ"),
        ("de la Cruz", "de la Cruz"), ("De La Cruz", "De La Cruz"), ("María de la Cruz", "María"), ("van Gogh", "van Gogh"),
        ("Van Morrison", "Van"), ("Anna-Lena Weber", "Anna-Lena"), ("Anna (Acme) Weber", "Anna"), ('"Annie" Weber', "Annie"),
        ("王小明", "王小明"), ("王 小明", "王 小明"), ("山田 太郎", "山田 太郎"), ("김민수", "김민수"),
        ("Анна Петрова", "Анна"), ("محمد علي", "محمد"), ("Acme GmbH", "Acme GmbH"), ("Anna und Ben", "Anna und Ben"),
        ("  Anna \t Weber ", "Anna"), ("", ""), ("cus_00042", ""), ("jane.roe@x.example", ""), ("4711", ""), ("...", ""),
        ("https://x.example", ""), ("x" * 200, ""), (",", ""), (", Anna", "Anna"), ("Weber,", "Weber"),
    ],
)  # fmt: skip
def test_first_name(name: str, greeted: str) -> None:
    assert names.first_name(name) == greeted


def test_an_id_is_no_name() -> None:
    assert names.first_name("cus", "cus") == ""
    assert names.known_as("WEBER, Anna") == "Anna Weber"
    assert names.known_as("ANNA WEBER") == "Anna Weber"
