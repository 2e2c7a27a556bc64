"""Invented customers. Each follows from the seed and its place alone, so that any process can name them without looking."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from random import Random
from typing import Final

from rest_framework import serializers

from conversations.demo.bulk.copytext import as_uuid4
from conversations.demo.bulk.texts import LANGUAGES
from conversations.demo.documents import Fields, table
from conversations.texts.tokens import fold

_FREQUENT: Final = 50
"""Flattens the beginning of Zipf's curve: no single customer writes a twentieth of all mail."""
_DOMAINS: Final = ("example.com", "example.org", "example.net", "post.example", "mail.example", "werk.example")
_COMPANIES: Final = ("Bay", "Hill", "Fjord", "Delta", "Nord", "Sol", "Terra", "Luna", "Orion", "Vega")
_TRADES: Final = (
    "Orchards",
    "Schools",
    "Sailing",
    "Logistics",
    "Wines",
    "Energy",
    "Research",
    "Foods",
    "Media",
    "Rail",
)


class _Names(Fields):
    given = serializers.ListField(child=serializers.CharField(), allow_empty=False)
    family = serializers.ListField(child=serializers.CharField(), allow_empty=False)


class _NamesByLanguage(Fields):
    en, de, fr, es, zh = _Names(), _Names(), _Names(), _Names(), _Names()


@dataclass(frozen=True, slots=True)
class Customer:
    """A contact's values. An anonymous visitor of a chat has neither name nor address."""

    language: int
    public_id: str
    external_id: str
    email: str
    first_name: str
    last_name: str
    name: str
    company: str
    phone: str

    @property
    def reference(self) -> str:
        """As the desk names the sender of a message."""
        one = self.public_id
        return self.external_id or f"{one[:8]}-{one[8:12]}-{one[12:16]}-{one[16:20]}-{one[20:]}"


@dataclass(frozen=True, slots=True)
class Customers:
    """The customers of one workspace."""

    seed: str
    count: int

    def drawn(self, rng: Random) -> int:
        """Whose conversation it is: the first are the most frequent (Zipf)."""
        flat = min(_FREQUENT, self.count)
        return int(flat * ((self.count / flat + 1) ** rng.random() - 1)) if self.count > 1 else 0

    def customer(self, number: int) -> Customer:
        """The customer of that place, counted from 0."""
        digest = blake2b(f"{self.seed} {number}".encode(), digest_size=16).digest()
        public_id = as_uuid4(int.from_bytes(digest))
        dice = int.from_bytes(digest[:8])
        language = _languages()[dice % 100]
        dice, kind = divmod(dice // 100, 100)
        phone = (
            f"+{(1, 49, 33, 34, 86)[language]} {dice % 900 + 100} {dice // 900 % 9000 + 1000}{dice // 8100000 % 100:02}"
        )
        if kind < 6:
            return Customer(language, public_id, "", "", "", "", "", "", phone)
        given, family = _names()[language]
        first, last = given[dice % len(given)], family[dice // 31 % len(family)]
        name = f"{last}{first}" if language == 4 else f"{first} {last}"
        local = f"user{number}" if language == 4 else f"{_folded(first)}.{_folded(last)}{number}"
        email = f"{local}@{_DOMAINS[dice // 997 % len(_DOMAINS)]}"
        external_id = f"cus_{number + 1:07}" if kind < 66 else ""
        at = dice // 1009
        company = f"{_COMPANIES[at % 10]} {_TRADES[at // 10 % 10]}" if kind % 4 == 0 else ""
        return Customer(language, public_id, external_id, email, first, last, name, company, phone)


def count_for(count: int) -> int:
    """How many customers a workspace of so many conversations has."""
    return max(1, math.ceil(count / 4))


@cache
def _languages() -> tuple[int, ...]:
    return tuple(number for number, share in enumerate(LANGUAGES.values()) for _ in range(share))


@cache
def _names() -> tuple[tuple[list[str], list[str]], ...]:
    found = table("words/names.toml", _NamesByLanguage)
    return tuple((found[language]["given"], found[language]["family"]) for language in LANGUAGES)


@cache
def _folded(name: str) -> str:
    """A name as it stands in an address."""
    return "".join(char for char in fold(name) if char.isalpha())
