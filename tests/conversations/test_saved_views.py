"""Saved views: filters under a name, for oneself or for all, and marked as favourites by each person."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.errors import Invalid, NotFound
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import SavedView, SavedViewFavorite
from conversations.queries import tickets as queries
from tests.conftest import Key, Member
from tests.effects import MORNING, minutes, nothing_changes, recorded, refused

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
