"""API keys: created and revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from accounts import events, journal, permissions, transaction
from accounts.actions import validation
from accounts.credentials import keys
from accounts.errors import Conflict, Invalid
from accounts.models import ApiKey, KeyKind, Workspace
from accounts.permissions import Actor, permit


@transaction.atomic
def create_key(
    *,
    workspace: Workspace,
    name: str,
    kind: KeyKind,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    allowed_origins: Sequence[str] = (),
    allowed_bundle_ids: Sequence[str] = (),
    unverified_identity: bool = False,
    public_id: UUID | None = None,
    by: Actor,
    at: datetime,
) -> tuple[ApiKey, str]:
    """Issue a key; returns it with its secret, which is shown this once and stored nowhere.

    A client key is public: it holds only scopes that are registered for such keys. `public_id` is that of a form, which can be
    sent twice. Raises Invalid with the field at fault, and Conflict for a key that was created before.
    """
    permit(by, "api_key.create", validation.own(workspace))
    if kind not in KeyKind.values:
        raise Invalid("kind must be server or client", field="kind")
    wanted = sorted(set(scopes))
    if not wanted:
        raise Invalid("a key needs at least one scope", field="scopes")
    for scope in wanted:
        if scope not in permissions.scopes():
            raise Invalid(f"unknown scope {scope}; the scopes are {', '.join(permissions.scopes())}", field="scopes")
        if kind == KeyKind.CLIENT and scope not in permissions.client_scopes():
            subject = scope.partition(":")[0]
            raise Invalid(f"a client key is public and cannot have {subject} scopes", field="scopes")
    if expires_at is not None and expires_at <= at:
        raise Invalid("the expiry must be in the future", field="expires_at")
    made = keys.make(kind)
    key = ApiKey(
        public_id=public_id or uuid4(),
        workspace=workspace,
        name=name.strip(),
        kind=kind,
        scopes=wanted,
        prefix=made.prefix,
        secret_hash=made.digest,
        expires_at=expires_at,
        allowed_origins=[clean_origin(origin) for origin in allowed_origins],
        allowed_bundle_ids=[bundle.strip() for bundle in allowed_bundle_ids if bundle.strip()],
        unverified_identity=unverified_identity and kind == KeyKind.CLIENT,
        created_by_id=by.user_id,
        created_at=at,
    )
    validation.validate(key)
    again = Conflict("this key was created already; its secret was shown then", code="already_created")
    transaction.unless_taken("accounts_apikey_public_id_key", again, key.save)
    journal.record(events.API_KEY_CREATED, key, by=by, at=at, kind=kind, scopes=wanted)
    return key, made.secret


@transaction.atomic
def revoke_key(*, key: ApiKey, by: Actor, at: datetime) -> ApiKey:
    """Stop a key from working, at once and for good."""
    permit(by, "api_key.revoke", key)
    key = transaction.held(key)
    if key.revoked_at is None:
        key.revoked_at = at
        key.save(update_fields=["revoked_at"])
        journal.record(events.API_KEY_REVOKED, key, by=by, at=at)
    return key


def clean_origin(value: str) -> str:
    """An origin as browsers send it: scheme, host and port, lower-cased, nothing else. Raises Invalid."""
    wrong = Invalid(f"{value!r} is not an origin such as https://example.com", field="allowed_origins")
    try:
        parts = urlsplit(value.strip().lower())
        _ = parts.port
    except ValueError as error:
        raise wrong from error
    is_origin = parts.scheme in {"http", "https"} and parts.hostname and parts.path in {"", "/"}
    if not is_origin or parts.query or parts.fragment or parts.username:
        raise wrong
    return f"{parts.scheme}://{parts.netloc}"
