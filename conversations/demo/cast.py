"""Who appears in the demo: the team, its customers, and the values that fill in the names in their stories. All of them are invented."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import NamedTuple

from rest_framework import serializers

from accounts.permissions import Role
from conversations.demo.documents import Fields, table

PASSWORD = "demo-parley-2026"  # noqa: S105  # printed by the command: a demo's logins are no secret


class Teammate(NamedTuple):
    """A member of the demo's team."""

    email: str
    name: str
    role: Role
    teams: tuple[str, ...] = ()


MARA = Teammate("mara@northwind.example", "Mara Lindqvist", Role.OWNER, ("Developers",))
ELENA = Teammate("elena@northwind.example", "Elena Petrova", Role.ADMIN, ("Support", "Billing"))
JONAS = Teammate("jonas@northwind.example", "Jonas Weber", Role.AGENT, ("Support", "Hardware", "Developers"))
PRIYA = Teammate("priya@northwind.example", "Priya Raman", Role.AGENT, ("Support", "Billing", "Developers"))
TOM = Teammate("tom@northwind.example", "Tom Okafor", Role.VIEWER)
TEAM = (MARA, ELENA, JONAS, PRIYA, TOM)
TEAMS = ("Support", "Hardware", "Developers", "Billing")

INES = Teammate("ines@atelier.example", "Inês Duarte", Role.AGENT)


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who writes to Northwind."""

    name: str
    email: str
    company: str
    city: str

    @property
    def first(self) -> str:
        return self.name.split()[0]

    @property
    def domain(self) -> str:
        return self.email.split("@")[1]


class CustomerFields(Fields):
    """A customer in the file."""

    name = serializers.CharField()
    email = serializers.EmailField()
    company = serializers.CharField(default="")
    city = serializers.CharField()


class _Customers(Fields):
    named = CustomerFields(many=True)
    customers = CustomerFields(many=True)


@cache
def named() -> tuple[Customer, ...]:
    """Those who appear only in the stories that name them. Raises Invalid."""
    return tuple(Customer(**fields) for fields in table("customers.toml", _Customers)["named"])


@cache
def customers() -> tuple[Customer, ...]:
    """Everyone else who writes. Raises Invalid."""
    return tuple(Customer(**fields) for fields in table("customers.toml", _Customers)["customers"])


def pocket(customer: Customer, me: str, other: str, year: int, rng: Random) -> dict[str, str]:
    """What the names in braces stand for when a story is played with this customer and this agent."""
    order = f"NW-{rng.randrange(20_100, 29_900)}"
    return {
        "first": customer.first,
        "email": customer.email,
        "domain": customer.domain,
        "city": customer.city,
        "company": customer.company or f"the {customer.name.split()[-1]} household",
        "order": order,
        "invoice": f"{year}-{rng.randrange(4_100, 9_800)}",
        "vat": f"{rng.randrange(810_000_000, 869_999_999)}",
        "serial": f"WS2-{rng.randrange(16**6):06X}",
        "amount": rng.choice(("4.90", "8.90", "47.00", "89.00")),
        "me": me.split()[0],
        "other": other.split()[0],
    }


def fill(text: str, values: dict[str, str]) -> str:
    """The text with its names filled in; any other brace stays, since messages hold code."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text
