"""Saved views: filters under a name, for oneself or for all, and marked as favourites by each person."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.errors import Forbidden, Invalid, NotFound
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import SavedView, SavedViewFavorite
from conversations.queries import saved_views as finding
from conversations.queries import tickets as queries
from tests.conftest import Key, Member
from tests.effects import MORNING, minutes, nothing_changes, recorded, refused
from tests.factories import TeamFactory

pytestmark = pytest.mark.usefixtures("in_acme")


def create(acme: Workspace, by: Actor, minute: int = 0, **values: Any) -> SavedView:
    values.setdefault("name", "Urgent")
    return actions.create_view(workspace=acme, by=by, at=minutes(minute), **values)


def update(view: SavedView, by: Actor, **values: Any) -> SavedView:
    return actions.update_view(view=view, by=by, at=minutes(1), **values)


def names(actor: Actor) -> list[str]:
    return [view.name for view in queries.saved_views(actor)]


def test_view_is_shared_and_its_filters_are_kept_as_given(acme: Workspace, ben: Member) -> None:
    filters = {"status": ["open", "new"], "odd": {"a": None}}
    view = create(acme, ben.actor, filters=filters)
    view.refresh_from_db()
    assert (view.visibility, view.filters, view.created_by, view.created_by_key) == ("shared", filters, ben.user, None)
    assert len(view.short_id) == 8


def test_key_may_be_the_maker(acme: Workspace, acme_key: Key) -> None:
    view = create(acme, Actor.key(acme_key.row))
    assert (view.created_by, view.created_by_key) == (None, acme_key.row)


def test_every_verb_is_one_event(acme: Workspace, ben: Member) -> None:
    by = ben.actor
    assert recorded(lambda: create(acme, by, visibility="private")) == [
        ("saved_view.created", {"visibility": "private"})
    ]
    view = SavedView.objects.get()
    events = recorded(lambda: update(view, by, name="Late", visibility="shared"))
    assert events == [("saved_view.updated", {"fields": ["name", "visibility"]})]
    events = recorded(lambda: actions.favorite_view(view=view, favorite=True, by=by, at=MORNING))
    assert events == [("saved_view.favorited", {"favorite": True})]
    assert recorded(lambda: actions.delete_view(view=view, by=by, at=MORNING)) == [("saved_view.deleted", {})]
    assert (SavedView.objects.count(), SavedViewFavorite.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 401}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"visibility": "public"}, "visibility"),
        ({"filters": {"search": "x" * 10_000}}, "filters"),
    ],
)
def test_view_that_cannot_be_kept_is_refused(acme: Workspace, ben: Member, values: dict[str, Any], field: str) -> None:
    view = create(acme, ben.actor)
    with refused(Invalid, field=field):
        create(acme, ben.actor, **values)
    with refused(Invalid, field=field):
        update(view, ben.actor, **values)


def test_what_is_left_out_of_a_change_stays_and_filters_are_replaced_whole(acme: Workspace, ben: Member) -> None:
    view = create(acme, ben.actor, filters={"status": ["open"], "search": "x"})
    update(view, ben.actor, filters={"status": ["new"]})
    view.refresh_from_db()
    assert (view.name, view.filters, view.updated_at) == ("Urgent", {"status": ["new"]}, minutes(1))


def test_change_to_the_same_does_nothing(acme: Workspace, ben: Member) -> None:
    view = create(acme, ben.actor, filters={"status": ["open"]})
    with nothing_changes():
        update(view, ben.actor, name="Urgent", filters={"status": ["open"]}, visibility="shared")


def test_private_view_is_found_by_its_maker_alone(acme: Workspace, ada: Member, ben: Member, acme_key: Key) -> None:
    key = Actor.key(acme_key.row)
    bens, keys = (
        create(acme, ben.actor, name="Ben's", visibility="private"),
        create(acme, key, 1, name="Key's", visibility="private"),
    )
    create(acme, ben.actor, 2, name="All's")
    assert (names(ben.actor), names(ada.actor), names(key)) == (["All's", "Ben's"], ["All's"], ["All's", "Key's"])
    assert queries.saved_view(ben.actor, bens.short_id) == bens
    for actor, view in ((ada.actor, bens), (key, bens), (ben.actor, keys)):
        with pytest.raises(NotFound):
            queries.saved_view(actor, view.short_id)


def test_desk_itself_finds_what_is_shared(acme: Workspace, ben: Member) -> None:
    create(acme, ben.actor, name="Ben's", visibility="private")
    create(acme, ben.actor, name="All's")
    assert names(Actor.system(acme.pk)) == ["All's"]


def test_private_view_whose_maker_is_gone_is_everyones(acme: Workspace, ada: Member, ben: Member) -> None:
    create(acme, ben.actor, visibility="private")
    SavedView.objects.update(created_by=None)
    assert names(ada.actor) == ["Urgent"]


def test_own_favourites_come_first_then_the_newest(acme: Workspace, ada: Member, ben: Member) -> None:
    views = [create(acme, ben.actor, minute, name=str(minute)) for minute in range(3)]
    actions.favorite_view(view=views[0], favorite=True, by=ben.actor, at=minutes(5))
    assert (names(ben.actor), names(ada.actor)) == (["0", "2", "1"], ["2", "1", "0"])
    assert [view.is_favorited for view in queries.saved_views(ben.actor)] == [True, False, False]
    actions.favorite_view(view=views[0], favorite=False, by=ben.actor, at=minutes(6))
    assert names(ben.actor) == ["2", "1", "0"]


@pytest.mark.parametrize("favorite", [True, False])
def test_marking_again_does_nothing(acme: Workspace, ben: Member, favorite: bool) -> None:
    view = create(acme, ben.actor)
    actions.favorite_view(view=view, favorite=favorite, by=ben.actor, at=minutes(1))
    with nothing_changes():
        actions.favorite_view(view=view, favorite=favorite, by=ben.actor, at=minutes(2))


def test_favourite_of_a_key_is_not_its_makers(acme: Workspace, ben: Member, acme_key: Key) -> None:
    view = create(acme, ben.actor)
    actions.favorite_view(view=view, favorite=True, by=Actor.key(acme_key.row), at=minutes(1))
    assert not queries.saved_view(ben.actor, view.short_id).is_favorited
    assert queries.saved_view(Actor.key(acme_key.row), view.short_id).is_favorited


@pytest.mark.parametrize("short_id", ["", "nothere1", "../../x", "a" * 300, "%"])
def test_view_that_is_not_there_is_not_found(acme: Workspace, ben: Member, short_id: str) -> None:
    with pytest.raises(NotFound):
        queries.saved_view(ben.actor, short_id)


# --- Of conversations, teams and favourites -----------------------------------------------------


def test_view_of_conversations_keeps_a_condition_a_search_and_an_order(acme: Workspace, ben: Member) -> None:
    condition = {"all": [{"field": "status", "is": "open"}, {"field": "tag", "in": ["refund"]}]}
    view = create(acme, ben.actor, subject="conversation", condition=condition, search=" tag:vip ", sort="newest")
    view.refresh_from_db()
    assert (view.subject, view.condition, view.search, view.sort) == ("conversation", condition, "tag:vip", "newest")
    assert names(ben.actor) == []  # the formats list views of tickets
    with pytest.raises(NotFound):
        queries.saved_view(ben.actor, view.short_id)
    assert finding.saved_view(ben.actor, view.short_id) == view


def test_what_a_view_asks_for_is_checked_by_its_subject(acme: Workspace, ben: Member) -> None:
    with refused(Invalid, field="condition.all[0].is"):
        create(acme, ben.actor, subject="ticket", condition={"all": [{"field": "status", "is": "snoozed"}]})
    with refused(Invalid, field="condition.field"):
        create(acme, ben.actor, subject="conversation", condition={"field": "due", "exists": True})
    with refused(Invalid, field="subject"):
        create(acme, ben.actor, subject="contact")
    with refused(Invalid, field="search"):
        create(acme, ben.actor, search="x" * 201)
    with refused(Invalid, field="sort"):
        create(acme, ben.actor, sort="DROP TABLE")


def test_view_of_a_team_is_found_by_its_members_admins_and_keys(
    acme: Workspace, ada: Member, ben: Member, vic: Member, acme_key: Key
) -> None:
    billing = TeamFactory(workspace=acme, name="Billing", members=[vic.user])
    with refused(Invalid, field="team"):
        create(acme, ada.actor, visibility="team")
    with refused(Invalid, field="team"):
        create(acme, ben.actor, visibility="team", team=billing)  # not one of his
    view = create(acme, ada.actor, visibility="team", team=billing)
    for actor, is_found in ((ada.actor, True), (vic.actor, True), (ben.actor, False), (Actor.key(acme_key.row), True)):
        assert bool(finding.saved_views(actor)) is is_found, actor
    billing.delete()
    assert [bool(finding.saved_views(one.actor)) for one in (ada, vic)] == [True, False]
    update(view, ada.actor, visibility="shared")
    assert finding.saved_views(ben.actor).get().team is None


def test_agents_change_their_own_views_and_admins_all(acme: Workspace, ada: Member, ben: Member) -> None:
    view = create(acme, ada.actor)
    with nothing_changes(), pytest.raises(Forbidden):
        update(view, ben.actor, name="Mine now")
    with nothing_changes(), pytest.raises(Forbidden):
        actions.delete_view(view=view, by=ben.actor, at=MORNING)
    own = create(acme, ben.actor)
    assert update(own, ada.actor, name="Ours").name == "Ours"


def test_favourites_have_an_order_of_their_own_for_each_person(acme: Workspace, ada: Member, ben: Member) -> None:
    views = [create(acme, ben.actor, name=name) for name in ("c", "b", "a")]
    for member in (ada, ben):
        for view in views:
            actions.favorite_view(view=view, favorite=True, by=member.actor, at=MORNING)
    c, b, a = views
    assert recorded(lambda: actions.move_view(view=a, before=c, by=ben.actor, at=MORNING)) == [("saved_view.moved", {})]
    actions.move_view(view=c, before=None, by=ben.actor, at=MORNING)
    assert [view.name for view in finding.saved_views(ben.actor)] == ["a", "b", "c"]
    assert [view.name for view in finding.saved_views(ada.actor)] == ["c", "b", "a"]
    with nothing_changes():
        actions.move_view(view=b, before=c, by=ben.actor, at=MORNING)
    actions.favorite_view(view=b, favorite=False, by=ben.actor, at=MORNING)
    with refused(Invalid, field="before"):
        actions.move_view(view=b, before=a, by=ben.actor, at=MORNING)
    assert [view.name for view in finding.saved_views(ben.actor)] == ["a", "c", "b"]


def test_changing_what_a_clients_view_asks_for_drops_its_own_filters(acme: Workspace, ben: Member) -> None:
    filters, condition = {"status": ["open"]}, {"field": "status", "in": ["open"]}
    view = create(acme, ben.actor, filters=filters, condition=condition)
    assert update(view, ben.actor, name="Open", condition=condition, search="").filters == filters
    assert update(view, ben.actor, condition={"field": "status", "in": ["new"]}).filters == {}
    view = create(acme, ben.actor, filters=filters)
    assert update(view, ben.actor, search="refund").filters == {}
    assert update(view, ben.actor, search="money", filters=filters).filters == filters
