"""Which contact a caller means."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import clock
from accounts.errors import Invalid
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Contact

pytestmark = pytest.mark.usefixtures("in_acme")


def identify(acme: Workspace, **values: Any) -> Contact:
    return actions.identify(workspace=acme, by=Actor.system(acme.pk), at=clock.now(), **values)


def test_external_id_wins_over_email(acme: Workspace) -> None:
    first, second = identify(acme, external_id="a", email="x@e.com"), identify(acme, external_id="b", email="y@e.com")
    assert identify(acme, external_id="a", email="y@e.com").pk == first.pk
    assert first.pk != second.pk


def test_known_email_adopts_a_new_external_id_once(acme: Workspace) -> None:
    known = identify(acme, email=" Jane@Example.com ")
    assert identify(acme, external_id="cus_1", email="jane@example.com").pk == known.pk
    assert identify(acme, external_id="cus_2", email="jane@example.com").pk != known.pk
    assert Contact.objects.filter(email="jane@example.com").count() == 2


def test_untrusted_caller_never_reaches_a_known_person(acme: Workspace) -> None:
    known = identify(acme, external_id="cus_1", email="jane@example.com", name="Jane Doe")
    claimed = identify(acme, external_id="cus_1", email="jane@example.com", name="Mallory", is_trusted=False)
    assert claimed.pk != known.pk
    assert (claimed.external_id, claimed.is_verified) == (None, False)
    assert Contact.objects.get(pk=known.pk).name == "Jane Doe"


def test_what_is_left_out_stays_and_what_is_the_same_is_no_event(acme: Workspace) -> None:
    identify(acme, external_id="cus_1", email="jane@example.com", name="Jane", company="Acme")
    before = Event.objects.count()
    same = identify(acme, external_id="cus_1", name="Jane", email="")
    assert (same.email, same.company, Event.objects.count()) == ("jane@example.com", "Acme", before)


def test_new_name_as_a_whole_replaces_the_parts_of_the_old(acme: Workspace) -> None:
    identify(acme, email="jane@example.com", first_name="Jane", last_name="Doe")
    renamed = identify(acme, email="jane@example.com", name="Jane Smith")
    assert (renamed.name, renamed.first_name, renamed.last_name) == ("Jane Smith", "", "")


@pytest.mark.parametrize("email", ["nobody", "a b@example.com", "x" * 250 + "@example.com", "nul\x00@example.com"])
def test_email_that_is_none_is_refused(acme: Workspace, email: str) -> None:
    with pytest.raises(Invalid) as refused:
        identify(acme, email=email)
    assert refused.value.field == "email"
    assert not Contact.objects.exists()
