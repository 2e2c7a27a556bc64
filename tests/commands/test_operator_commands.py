"""What an operator does from a shell. Where a command yields a value, a script finds it alone on the last line."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts import clock
from accounts.credentials import authentication, identity
from accounts.models import ApiKey, Event, Invitation, Membership, User, Workspace
from accounts.permissions import Role
from tests.conftest import Key, Member

PASSWORD = "long enough 7"


def run(*words: Any, stdin: str | None = None) -> str:
    """The last line of stdout."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.stdin
    sys.stdin = io.StringIO(stdin or "")
    try:
        call_command(*words, stdout=out, stderr=err)
    finally:
        sys.stdin = before
    return out.getvalue().splitlines()[-1]


def refused(*words: Any, stdin: str | None = None) -> str:
    """The error's one line."""
    with pytest.raises(CommandError) as error:
        run(*words, stdin=stdin)
    assert "\n" not in str(error.value)
    return str(error.value)


def new_operator(email: str, *more: str, stdin: str | None = PASSWORD + "\n") -> str:
    return run("create_operator", email, "--workspace", "acme", *more, stdin=stdin)


def new_key(*more: str) -> str:
    return run("create_api_key", "--workspace", "acme", "--name", "Shop", *more)


# --- Workspaces ---------------------------------------------------------------------------------


def test_create_workspace_yields_its_id(db: None) -> None:
    value = run("create_workspace", "initech", "--name", "Initech", "--time-zone", "Asia/Tokyo")
    workspace = Workspace.objects.get(slug="initech")
    assert (value, workspace.name, workspace.time_zone) == (str(workspace.pk), "Initech", "Asia/Tokyo")
    assert Event.objects.get().type == "workspace.created"


@pytest.mark.parametrize(
    ("slug", "zone", "words"),
    [
        ("acme", "UTC", "slug: the slug acme is taken"),
        ("12345", "UTC", "slug: a slug may not look like an id"),
        ("internal", "UTC", "slug: internal is reserved"),
        ("Big One", "UTC", "slug: a slug has 1 to 50 of a-z, 0-9 and hyphens, and no hyphen at its ends"),
        ("fine", "Mars/Base", "time_zone: Mars/Base is not a time zone"),
    ],
)
def test_create_workspace_refuses_in_one_line(acme: Workspace, slug: str, zone: str, words: str) -> None:
    assert refused("create_workspace", slug, "--name", "X", "--time-zone", zone) == words


@pytest.mark.parametrize("field", ["id", "public_id", "slug", "name", "time_zone", "identity_secret"])
def test_show_workspace_yields_one_field(acme: Workspace, field: str) -> None:
    assert run("show_workspace", "acme", "--field", field) == str(getattr(acme, field))


def test_show_workspace_without_a_field_keeps_the_secret_to_itself(acme: Workspace) -> None:
    out = io.StringIO()
    call_command("show_workspace", "acme", stdout=out)
    assert str(acme.public_id) in out.getvalue()
    assert acme.identity_secret not in out.getvalue()


def test_unknown_workspace_is_named_with_those_that_exist(acme: Workspace) -> None:
    assert refused("show_workspace", "acne") == "there is no workspace acne (there are: acme)"


def test_rotate_identity_secret_yields_the_new_one_and_keeps_the_old_valid(acme: Workspace) -> None:
    proof = identity.email_hash(acme, "jane@example.com")
    value = run("rotate_identity_secret", "acme")
    fresh = Workspace.objects.get(pk=acme.pk)
    assert value == fresh.identity_secret != acme.identity_secret
    assert identity.proves_email(fresh, "jane@example.com", proof)
    run("rotate_identity_secret", "acme")
    assert not identity.proves_email(Workspace.objects.get(pk=acme.pk), "jane@example.com", proof)


# --- People -------------------------------------------------------------------------------------


def test_create_operator_makes_a_person_who_can_sign_in(acme: Workspace) -> None:
    assert (
        new_operator(" Nia@Example.COM ", "--role", "owner", "--name", "Nia", "--password-stdin") == "nia@example.com"
    )
    nia = User.objects.get()
    assert nia.check_password(PASSWORD)
    assert (nia.name, nia.is_superuser, nia.is_staff) == ("Nia", False, False)
    assert Membership.all_workspaces.get().role == Role.OWNER


def test_create_operator_twice_changes_nothing(acme: Workspace) -> None:
    for _ in range(2):
        new_operator("nia@example.com", "--role", "agent", "--password-stdin")
    assert User.objects.count() == 1
    assert Event.objects.filter(type__startswith="member.").count() == 1


def test_known_person_keeps_their_password_unless_one_is_given(acme: Workspace, ben: Member) -> None:
    new_operator(ben.user.email, "--role", "admin", stdin="ignored and unread")
    ben.user.refresh_from_db()
    assert ben.user.check_password("correct horse battery")
    assert Membership.all_workspaces.get(user=ben.user).role == Role.ADMIN
    new_operator(ben.user.email.upper(), "--role", "admin", "--name", "Benjamin", "--superuser", "--password-stdin")
    ben.user.refresh_from_db()
    assert ben.user.check_password(PASSWORD)
    assert (ben.user.name, ben.user.is_superuser) == ("Benjamin", True)


def test_new_person_without_a_password_is_refused(acme: Workspace) -> None:
    words = ("create_operator", "x@example.com", "--workspace", "acme", "--role", "agent")
    assert refused(*words) == "this person is new: give a password on standard input with --password-stdin"
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [
        ("x@example.com", "1234", "password: This password is too short."),
        ("x@example.com", "", "password: This password is too short."),
        ("nobody", PASSWORD, "email: 'nobody' is not an email address"),
    ],
)
def test_weak_password_or_bad_email_is_refused_and_leaves_nothing(
    acme: Workspace, email: str, password: str, words: str
) -> None:
    given = ("create_operator", email, "--workspace", "acme", "--role", "agent", "--password-stdin")
    assert refused(*given, stdin=password + "\n").startswith(words)
    assert not User.objects.exists()


def test_invite_prints_a_link_by_which_a_person_joins(acme: Workspace) -> None:
    link = run("invite", "Nia@Example.com", "--workspace", "acme", "--role", "owner", "--link")
    assert link.startswith(f"{settings.PUBLIC_URL}/accounts/invitations/")
    assert Invitation.all_workspaces.get().email == "nia@example.com"
    assert not User.objects.exists()
    assert "is not an email address" in refused("invite", "nobody", "--workspace", "acme", "--role", "agent")


def test_claimed_address_that_was_never_verified_is_given_no_place(acme: Workspace) -> None:
    thief = User.objects.create(email="victim@example.com")
    given = ("create_operator", "victim@example.com", "--workspace", "acme", "--role", "owner", "--password-stdin")
    assert "was never verified" in refused(*given, stdin=PASSWORD)
    assert not Membership.all_workspaces.filter(user=thief).exists()
    assert not User.objects.get().check_password(PASSWORD)


def test_last_owner_cannot_be_made_an_agent(acme: Workspace, ada: Member) -> None:
    given = ("create_operator", ada.user.email, "--workspace", "acme", "--role", "agent", "--name", "Changed")
    assert refused(*given) == "role: a workspace needs at least one owner"
    ada.user.refresh_from_db()
    assert ada.user.name == "Ada Duarte"


# --- Keys ---------------------------------------------------------------------------------------


def test_create_api_key_yields_a_secret_that_works(acme: Workspace) -> None:
    secret = new_key("--kind", "server", "--scope", "conversation:read", "--scope", "ticket:write")
    grant = authentication.authenticate(secret, clock.now())
    assert (grant.workspace, sorted(grant.key.scopes)) == (acme, ["conversation:read", "ticket:write"])
    assert secret not in str(list(ApiKey.all_workspaces.values()))


def test_key_expires_after_a_fraction_of_a_day(acme: Workspace) -> None:
    secret = new_key("--kind", "server", "--scope", "ticket:read", "--expires-in-days", "0.5")
    at = clock.now()
    assert authentication.authenticate(secret, at + timedelta(hours=11))
    with pytest.raises(authentication.ExpiredKey):
        authentication.authenticate(secret, at + timedelta(hours=12))


def test_client_key_takes_origins_and_may_go_without_proof(acme: Workspace) -> None:
    new_key(
        "--kind", "client", "--scope", "conversation:write", "--unverified-identity",
        "--allowed-origin", "HTTPS://Shop.example/", "--allowed-origin", "http://localhost:3000",
    )  # fmt: skip
    key = ApiKey.all_workspaces.get()
    assert (key.allowed_origins, key.unverified_identity) == (["https://shop.example", "http://localhost:3000"], True)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            ["--kind", "client", "--scope", "ticket:read"],
            "scopes: a client key is public and cannot have ticket scopes",
        ),
        (["--kind", "server", "--scope", "all"], "scopes: unknown scope all;"),
        (["--kind", "server", "--scope", "ticket:read", "--allowed-origin", "shop"], "allowed_origins: 'shop' is not"),
        (["--kind", "server", "--scope", "ticket:read", "--expires-in-days", "0"], "Error: argument --expires-in-days"),
        (
            ["--kind", "server", "--scope", "ticket:read", "--expires-in-days", "-1"],
            "Error: argument --expires-in-days",
        ),
        (
            ["--kind", "server", "--scope", "ticket:read", "--expires-in-days", "nan"],
            "Error: argument --expires-in-days",
        ),
        (
            ["--kind", "server", "--scope", "ticket:read", "--expires-in-days", "1e9"],
            "Error: argument --expires-in-days",
        ),
        (["--kind", "server", "--scope", "ticket:read", "--expires-in-days", "40000"], "at most 36500 days"),
        (["--kind", "master", "--scope", "ticket:read"], "Error: argument --kind"),
        (["--kind", "server"], "Error: the following arguments are required: --scope"),
    ],
)
def test_key_that_cannot_be_issued_is_refused_in_one_line(acme: Workspace, more: list[str], words: str) -> None:
    assert refused("create_api_key", "--workspace", "acme", "--name", "Shop", *more).startswith(words)
    assert not ApiKey.all_workspaces.exists()


def test_revoke_api_key_takes_the_prefix_or_the_secret(acme_key: Key, globex_key: Key) -> None:
    assert run("revoke_api_key", acme_key.row.prefix) == acme_key.row.prefix
    assert run("revoke_api_key", globex_key.secret) == globex_key.row.prefix
    assert run("revoke_api_key", globex_key.secret) == globex_key.row.prefix
    assert ApiKey.all_workspaces.filter(revoked_at=None).count() == 0
    assert Event.objects.filter(type="api_key.revoked").count() == 2
    with pytest.raises(authentication.BadKey):
        authentication.authenticate(acme_key.secret, clock.now())
    assert refused("revoke_api_key", "parley_sv_nothing") == "there is no key parley_sv_nothing"


# --- Customers ----------------------------------------------------------------------------------


def test_identity_hash_is_the_proof_that_a_client_key_takes(acme: Workspace) -> None:
    value = run("identity_hash", "--workspace", "acme", "  Jane@Example.com ")
    assert identity.proves_email(acme, "jane@example.com", value)


def test_customer_token_names_the_customer_for_as_long_as_asked(acme: Workspace) -> None:
    given = ("--workspace", "acme", "--external-id", "cus_42", "--email", "Jane@Example.com", "--name", "Jane")
    token = run("issue_customer_token", *given, "--ttl-minutes", "0.5")
    assert identity.read_token(acme, token) == identity.Customer("cus_42", "jane@example.com", "Jane")
    bad = ("issue_customer_token", "--workspace", "acme", "--external-id", "x", "--email")
    assert refused(*bad, "jane") == "email: 'jane' is not an email address"
    assert refused(*bad, "j@example.com", "--ttl-minutes", "-5").startswith("Error: argument --ttl-minutes")


# --- As a program -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_script_takes_values_from_the_last_line_and_errors_from_the_exit_code() -> None:
    from django.db import connection

    from config.settings import BASE_DIR

    # The program's own settings would name the desk's database; it is sent to this test's instead.
    place = connection.settings_dict
    shim = (
        "import sys; from django.conf import settings; import django; "
        f"settings.DATABASES['default']['NAME'] = {place['NAME']!r}; "
        "from django.core.management import execute_from_command_line as run; run(['manage.py', *sys.argv[1:]])"
    )

    def program(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", shim, *words],
            input=stdin, capture_output=True, text=True, cwd=Path(BASE_DIR), env=os.environ.copy(), timeout=60, check=False,
        )  # fmt: skip

    made = program("create_workspace", "initech", "--name", "Initech")
    assert made.returncode == 0, made.stderr
    assert made.stdout == f"{Workspace.objects.get(slug='initech').pk}\n"
    again = program("create_workspace", "initech", "--name", "Initech")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "CommandError: slug: the slug initech is taken\n"
    person = program(
        "create_operator", "nia@example.com", "--workspace", "initech", "--role", "owner", "--password-stdin",
        stdin=PASSWORD + "\n",
    )  # fmt: skip
    assert person.stdout == "nia@example.com\n"
    assert PASSWORD not in person.stderr
