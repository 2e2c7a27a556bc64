"""Customers who may be one person: who is suggested, on a page and in the list of the workspace, and who was marked as distinct."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import Invalid
from accounts.models import Workspace
from conversations import actions, maintenance
from conversations.models import Contact, ContactKey, ContactToCompare, DistinctContacts
from conversations.queries import duplicates
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, refused

pytestmark = pytest.mark.usefixtures("in_acme")
LIST = "/w/acme/customers/duplicates"


def person(acme: Workspace, **values: Any) -> Contact:
    return Contact.objects.create(workspace=acme, **values)


def listed() -> set[tuple[int, int, str]]:
    maintenance.compare_contacts()
    return {(pair.one.pk, pair.other.pk, pair.reason) for pair in duplicates.pairs()[0]}


@pytest.fixture
def alike(in_acme: Workspace, acme: Workspace, ben: Member) -> dict[str, tuple[Contact, Contact]]:
    """Two customers for each reason, the older first."""
    act: dict[str, Any] = {"by": ben.actor, "at": MORNING}
    found = {
        "address": (person(acme, email="ada@example.com"), person(acme, email="ada@example.com", is_verified=False)),
        "phone": (person(acme, name="Phone"), person(acme, name="Other phone")),
        "id": (person(acme, external_id="u7"), person(acme, name="Seven")),
        "name": (person(acme, name="Zoë Q", company="Example"), person(acme, name="ZOË Q", company="example")),
    }
    for row, is_verified in zip(found["phone"], (True, False), strict=True):
        actions.add_address(contact=row, kind="phone", value="+44 20 7946 0000", is_verified=is_verified, **act)
    Contact.objects.filter(pk=found["id"][1].pk).update(traits={"userId": "u7"})
    first, second = person(acme, email="eve@example.com"), person(acme, name="Eve")
    actions.add_address(contact=second, kind="email", value="eve@example.com", is_verified=False, **act)
    return {**found, "other address": (first, second)}


def test_list_has_who_is_suggested_on_their_pages_and_why(alike: dict[str, tuple[Contact, Contact]]) -> None:
    wanted = {(new.pk, old.pk, reason.split()[-1]) for reason, (old, new) in alike.items()}
    assert listed() == wanted
    for pk, other, reason in wanted:
        for of, named in ((pk, other), (other, pk)):
            (one,) = duplicates.duplicates(Contact.objects.get(pk=of))
            assert (one.contact.pk, one.reason) == (named, reason)


@pytest.mark.usefixtures("alike")
def test_nobody_else_is_alike(acme: Workspace, ben: Member, globex: Workspace) -> None:
    count = len(listed())
    merged, kept = person(acme, email="two@example.com"), person(acme, name="Two")
    actions.merge_contacts(contact=merged, into=kept, by=ben.actor, at=minutes(1))
    person(acme, name="", company="Example")
    person(acme, name="Zoë Q")
    Contact.all_workspaces.create(workspace=globex, email="ada@example.com")
    erased = person(acme, email="ada@example.com")
    Contact.objects.filter(pk=erased.pk).update(erased_at=MORNING)
    assert len(listed()) == count


def test_of_many_each_is_named_once_beside_the_one_who_would_stay(acme: Workspace) -> None:
    guests = [person(acme, email="info@example.com", is_verified=False) for _ in range(4)]
    verified = person(acme, email="info@example.com")
    assert listed() == {(one.pk, verified.pk, "address") for one in guests}


def test_who_was_marked_distinct_is_suggested_no_more_until_that_is_forgotten(
    alike: dict[str, tuple[Contact, Contact]], ben: Member
) -> None:
    old, new = alike["name"]
    before = listed()
    actions.mark_distinct(contact=new, other=old, by=ben.actor, at=minutes(1))
    with nothing_changes():
        actions.mark_distinct(contact=old, other=new, by=ben.actor, at=minutes(2))
    assert before - listed() == {(new.pk, old.pk, "name")}
    assert duplicates.duplicates(new) == duplicates.duplicates(old) == []
    actions.mark_distinct(contact=old, other=new, is_distinct=False, by=ben.actor, at=minutes(3))
    assert listed() == before
    with refused(Invalid, field="other"):
        actions.mark_distinct(contact=old, other=old, by=ben.actor, at=minutes(4))


def test_list_is_paged_with_as_many_statements_for_many(acme: Workspace, ben: Member) -> None:
    page = ben.signed_in()

    def asked(query: str = "") -> tuple[int, str]:
        maintenance.compare_contacts()
        with CaptureQueriesContext(connection) as captured:
            answer = page.get(LIST + query)
        assert answer.status_code == 200
        return len(captured), answer.content.decode()

    for number in range(30):
        for _ in range(2):
            person(acme, email=f"p{number}@example.com")
        if number == 0:
            asked()
            one = asked()[0]
    count, first = asked()
    assert count == one
    assert first.count("p29@example.com") >= 1
    assert "Next page" in first
    before = duplicates.pairs()[1]
    rest = asked(f"?before={before}")[1]
    assert "p0@example.com" in rest
    assert "p29@example.com" not in rest
    assert "Next page" not in rest
    assert page.get(f"{LIST}?before=x&merged=y").status_code == 200


def test_merging_from_the_list_leads_back_to_it_with_undo(
    alike: dict[str, tuple[Contact, Contact]], ben: Member
) -> None:
    page, (old, new) = ben.signed_in(), alike["address"]
    preview = page.get(f"/w/acme/customers/{new.public_id}/merge?with={old.public_id}&from=duplicates")
    assert "from the one who is merged" not in preview.content.decode()
    answer = page.post(
        f"/w/acme/customers/{new.public_id}/merge", {"with": str(old.public_id), "from": "duplicates"}, follow=True
    )
    assert answer.redirect_chain == [(f"{LIST}?merged={new.public_id}", 302)]
    assert "was merged into" in answer.content.decode()
    assert (new.pk, old.pk, "address") not in listed()
    page.post(f"/w/acme/customers/{new.public_id}/unmerge", {"from": "duplicates"})
    assert (new.pk, old.pk, "address") in listed()


def test_list_follows_what_changes(acme: Workspace, ben: Member) -> None:
    old, new = person(acme, email="ada@example.com"), person(acme, email="bo@example.com")
    assert listed() == set()
    act: dict[str, Any] = {"by": ben.actor, "at": MORNING}
    actions.update_contact(contact=new, email="ada@example.com", **act)
    assert listed() == {(new.pk, old.pk, "address")}
    actions.update_contact(contact=new, email="cleo@example.com", **act)
    assert listed() == set()
    address = actions.add_address(contact=old, kind="email", value="cleo@example.com", is_verified=False, **act)
    assert listed() == {(new.pk, old.pk, "address")}
    actions.remove_address(address=address, **act)
    assert listed() == set()
    person(acme, name="Named").delete()
    Contact.objects.filter(pk=old.pk).update(traits={"user_id": "later"})
    assert listed() == set()
    actions.update_contact(contact=new, external_id="later", **act)
    assert listed() == {(old.pk, new.pk, "id")}
    Contact.objects.filter(pk=new.pk).update(erased_at=MORNING)
    assert duplicates.pairs()[0] == []
    assert listed() == set()
    assert not ContactToCompare.objects.exists()


def test_one_of_two_who_are_merged_is_compared_no_more(acme: Workspace, ben: Member) -> None:
    rows = [person(acme, name="Ada", company="Example", external_id=f"a{number}") for number in range(3)]
    assert listed() == {(row.pk, rows[0].pk, "name") for row in rows[1:]}
    actions.merge_contacts(contact=rows[0], into=rows[2], by=ben.actor, at=MORNING)
    assert [(pair.one, pair.other) for pair in duplicates.pairs()[0]] == [(rows[2], rows[1])]  # at once
    assert listed() == {(rows[2].pk, rows[1].pk, "name")}
    assert not ContactKey.objects.filter(contact=rows[0]).exists()


def test_preview_says_what_is_taken_from_whom(acme: Workspace, ben: Member) -> None:
    stays = person(acme, name="Ada", email="ada@example.com", external_id="ada")
    goes = person(acme, name="Countess", email="old@example.com", company="Example Ltd", is_verified=False)
    page = ben.signed_in().get(f"/w/acme/customers/{stays.public_id}/merge?with={goes.public_id}").content.decode()
    company = page[page.index("Example Ltd") :]
    assert company.index("from the one who is merged") < company.index("</tr>")
    assert page.count("from the one who is merged") == 1
    assert "old@example.com becomes another address" in page


def test_who_may_merge_marks_two_as_distinct_on_their_page(
    alike: dict[str, tuple[Contact, Contact]], ben: Member, vic: Member
) -> None:
    old, new = alike["phone"]
    place = f"/w/acme/customers/{new.public_id}"
    page, viewer = ben.signed_in(), vic.signed_in()
    assert "Not a duplicate" in page.get(place).content.decode()
    assert viewer.post(f"{place}/apart", {"with": str(old.public_id)}).status_code == 403
    assert "Not a duplicate" not in viewer.get(LIST).content.decode()
    for given in ({"with": "x"}, {"with": str(new.public_id)}):
        page.post(f"{place}/apart", given)
        assert not DistinctContacts.objects.exists()
    answer = page.post(f"{place}/apart", {"with": str(old.public_id)}, follow=True).content.decode()
    assert "no longer suggested" in answer
    assert "Not a duplicate" not in answer
    assert "suggest Phone again" in answer
    toast = re.search(r'data-toast.*?action="([^"]+)".*?</form>', answer, re.DOTALL)
    assert toast is not None
    given = dict(re.findall(r'name="(with|undo|from)" value="([^"]+)"', toast[0]))
    assert "Not a duplicate" in page.post(toast[1], given, follow=True).content.decode()
    assert not DistinctContacts.objects.exists()


def test_page_lists_who_was_merged_into_a_customer_and_takes_each_back(
    acme: Workspace, ben: Member, vic: Member
) -> None:
    kept, gone = person(acme, name="Ada"), person(acme, name="Countess")
    actions.merge_contacts(contact=gone, into=kept, by=ben.actor, at=MORNING)
    place, page = f"/w/acme/customers/{kept.public_id}", ben.signed_in()
    assert "Undo the merge of Countess" in page.get(place).content.decode()
    assert "Undo the merge" not in vic.signed_in().get(place).content.decode()
    assert page.post(f"/w/acme/customers/{gone.public_id}/unmerge").status_code == 302
    assert "Countess" not in page.get(place).content.decode().split("activity-title")[0]
    assert Contact.objects.get(pk=gone.pk).merged_into is None
