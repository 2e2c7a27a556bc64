"""Who a visitor is, as the website says: signed with the workspace's identity secret, or merely stated.

Three proofs: a JWT (`jwt`), the hash of an address (`email` with `email_hash`), and PostHog's hash of an id (`identity_distinct_id`
with `identity_hash`). Only what is signed identifies; the rest describes. See docs/channels/chat.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.credentials import identity
from accounts.errors import DomainError
from conversations.models import Widget
from conversations.texts import validation

LONGEST_TOKEN = 8_000
LONGEST = {"external_id": 400, "email": 254, "name": 400, "company": 400}
MOST_TRAITS = 50
LONGEST_TRAIT = 500
_IDS = ("id", "externalId", "external_id")
_COMPANIES = ("company", "companyName", "account_external_id")
_KNOWN = {*_IDS, *_COMPANIES, "email", "name", "email_hash", "jwt", "identity_distinct_id", "identity_hash"}
_HASH = re.compile("[0-9a-f]{64}")


class NotProven(DomainError):
    """The identity is signed by nobody who holds a secret, or cannot be read."""

    code = "identity_invalid"


class Expired(NotProven):
    """The proof was valid once."""

    code = "identity_expired"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is. `external_id`, and an address that is verified, identify where it `is_signed`; nothing does otherwise."""

    is_signed: bool
    external_id: str = ""
    email: str = ""
    name: str = ""
    company: str = ""
    is_email_verified: bool = True
    is_whole_signed: bool = False
    """The name and the company are signed as well."""
    traits: Mapping[str, str] = field(default_factory=dict)


def read(widget: Widget, given: Mapping[str, Any], *, at: datetime) -> Identity:
    """The identity that a website gives, by the proof that comes with it, or unsigned.

    Raises NotProven for a proof that does not hold, whatever else is given, and Expired for a token that is over.
    """
    if given.get("jwt") is not None:
        return _of_token(widget, given["jwt"], at)
    if given.get("email_hash") is not None:
        return _of_email(widget, given)
    if given.get("identity_hash") is not None:
        return of_distinct_id(widget, given.get("identity_distinct_id"), given["identity_hash"])
    return stated(given)


def of_distinct_id(widget: Widget, distinct_id: object, proof: object) -> Identity:
    """PostHog's: the hash of an id, keyed with the secret as text. Raises NotProven."""
    named = _text(distinct_id, LONGEST["external_id"])
    is_text = isinstance(distinct_id, str) and isinstance(proof, str)
    if not is_text or not named or not _HASH.fullmatch(str(proof)):
        raise _refused("identity_hash")
    if not identity.proves(widget.workspace, str(distinct_id), str(proof)):
        raise _refused("identity_hash")
    return Identity(is_signed=True, external_id=named)


def stated(given: Mapping[str, Any]) -> Identity:
    """What nobody has signed: it describes a visitor. Values that cannot be kept are left out."""
    traits: dict[str, str] = {}
    for key, value in given.items():
        text = _text(value, 2**20)[:LONGEST_TRAIT]
        is_named = isinstance(key, str) and _text(key, 200) == key
        if text and is_named and key not in _KNOWN and len(traits) < MOST_TRAITS:
            traits[key] = text
    if named := _first(given, _IDS, LONGEST["external_id"]):
        traits["stated_id"] = named
    return Identity(
        is_signed=False,
        email=_address(given.get("email")),
        name=_text(given.get("name"), LONGEST["name"]),
        company=_first(given, _COMPANIES, LONGEST["company"]),
        traits=traits,
    )


def _of_token(widget: Widget, token: object, at: datetime) -> Identity:
    if not isinstance(token, str) or len(token) > LONGEST_TOKEN:
        raise _refused("jwt")
    audiences = [*widget.keys, str(widget.workspace.public_id)]
    try:
        claims = identity.read_claims(widget.workspace, token, audiences=audiences, at=at)
    except identity.ExpiredToken as error:
        raise Expired("the token has expired", field="jwt") from error
    except DomainError as error:
        raise NotProven(error.message, field="jwt") from error
    email, is_verified = _address(claims.get("email")), claims.get("email_verified") is not False
    external_id = _first(claims, ("contact_external_id", "sub"), LONGEST["external_id"])
    if not external_id and not (email and is_verified):
        raise _refused("jwt")
    return Identity(
        is_signed=True,
        external_id=external_id,
        email=email,
        name=_text(claims.get("name"), LONGEST["name"]),
        company=_first(claims, ("company", "account_external_id"), LONGEST["company"]),
        is_email_verified=is_verified,
        is_whole_signed=True,
    )


def _of_email(widget: Widget, given: Mapping[str, Any]) -> Identity:
    email, proof = _address(given.get("email")), given["email_hash"]
    if not email or not isinstance(proof, str) or not _HASH.fullmatch(proof):
        raise _refused("email_hash")
    if not identity.proves_email(widget.workspace, email, proof, any_key=True):
        raise _refused("email_hash")
    described = stated(given)
    return Identity(is_signed=True, email=email, name=described.name, company=described.company)


def _refused(field: str) -> NotProven:
    return NotProven("the identity is not signed with a secret of this workspace", field=field)


def _first(given: Mapping[str, Any], names: tuple[str, ...], longest: int) -> str:
    return next(filter(None, (_text(given.get(name), longest) for name in names)), "")


def _text(value: object, longest: int) -> str:
    """A text or a number as it is kept; "" for everything else, and for what is too long or no text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, int) and value.bit_length() > 128:
        return ""
    text = str(value).strip()
    return text if len(text) <= longest and validation.can_be_kept(text) else ""


def _address(value: object) -> str:
    """An address in lower case; "" for what is none."""
    address = (_text(value, LONGEST["email"]) if isinstance(value, str) else "").lower()
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address
