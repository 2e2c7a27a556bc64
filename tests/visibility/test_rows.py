"""The rule, asked of rows: what a member sees, and that everything that hangs on a conversation follows it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.apps import apps
from django.db import models

from accounts import clock, tenancy
from accounts.errors import Forbidden, NotFound
from accounts.models import Team, Workspace
from accounts.permissions import Actor, Role, Visibility
from accounts.tenancy import TenantModel, Viewer
from conversations import actions
from conversations.models import Attachment, Contact, Conversation, Message, SearchDocument
from conversations.queries import conversations as queries
from tests.conftest import Member
from tests.visibility.conftest import KINDS, LIMITED, SEEN, limit
from tickets.models import Ticket

# Rows that name a conversation or a ticket, and that everybody may see all the same.
SEEN_BY_ALL: set[str] = set()


def named(rows: models.QuerySet[Conversation], kinds: Mapping[str, Conversation]) -> set[str]:
    ids = {row.pk for row in rows}
    return {kind for kind, row in kinds.items() if row.pk in ids}


@pytest.mark.parametrize("visibility", list(Visibility))
def test_member_sees_what_their_visibility_says(
    acme: Workspace, ben: Member, kinds: Mapping[str, Conversation], visibility: Visibility
) -> None:
    limit(ben, visibility)
    with tenancy.scope(acme, ben.membership.viewer):
        assert named(Conversation.objects.all(), kinds) == SEEN[visibility]
        tickets = {*Ticket.objects.values_list("pk", flat=True)}
        assert {kind for kind, row in kinds.items() if _ticket(row) in tickets} == SEEN[visibility]
        for model, path in (
            (Message, "conversation"),
            (Attachment, "message__conversation"),
            (SearchDocument, "conversation"),
        ):
            seen = {*model.objects.values_list(path, flat=True)}
            assert {kind for kind, row in kinds.items() if row.pk in seen} == SEEN[visibility], model


def _ticket(row: Conversation) -> int | None:
    with tenancy.everything():
        return Conversation.objects.get(pk=row.pk).ticket_id


def test_owners_and_admins_see_everything(acme: Workspace, ada: Member, kinds: Mapping[str, Conversation]) -> None:
    limit(ada, Visibility.TEAMS)
    assert ada.membership.viewer is None
    assert ada.actor.visibility == Visibility.ALL
    ada.membership.role = Role.AGENT
    assert ada.membership.viewer == Viewer(ada.user.pk, Visibility.TEAMS)


def test_a_scope_inside_keeps_the_viewer_of_its_workspace(
    acme: Workspace, globex: Workspace, ben: Member, kinds: Mapping[str, Conversation]
) -> None:
    limit(ben, Visibility.TEAMS)
    with tenancy.scope(acme, ben.membership.viewer):
        with tenancy.scope(acme):
            assert Conversation.objects.count() == 2
        with tenancy.scope(globex):
            assert tenancy.viewer() is None
        with tenancy.everything():
            assert Conversation.objects.count() == 5
        assert Conversation.objects.count() == 2


@pytest.mark.parametrize("visibility", LIMITED)
def test_compiled_statements_are_of_one_viewer_each(
    acme: Workspace, ada: Member, ben: Member, kinds: Mapping[str, Conversation], visibility: Visibility
) -> None:
    limit(ben, visibility)
    ids = {kind: row.public_id for kind, row in kinds.items()}
    other = Viewer(ada.user.pk, visibility)
    for viewer, seen in (
        (None, {*KINDS}),
        (ben.membership.viewer, SEEN[visibility]),
        (other, SEEN[visibility] ^ {"own", "team", "others", "other_team"}),
    ):
        with tenancy.scope(acme, viewer):
            found = {kind for kind, pk in ids.items() if queries.by_public_id.first(None, public_id=pk)}
        assert found == seen


@pytest.mark.parametrize("visibility", LIMITED)
@pytest.mark.parametrize("kind", KINDS)
def test_verb_refuses_an_unseen_row_as_if_it_were_missing(
    ben: Member, kinds: Mapping[str, Conversation], visibility: Visibility, kind: str
) -> None:
    limit(ben, visibility)
    row, act = kinds[kind], {"by": ben.actor, "at": clock.now()}
    if kind in SEEN[visibility]:
        actions.set_tags(conversation=row, names=["x"], **act)
    else:
        with pytest.raises(NotFound):
            actions.set_tags(conversation=row, names=["x"], **act)


def test_verbs_reach_rows_that_their_actor_does_not_see(
    acme: Workspace, ada: Member, ben: Member, kinds: Mapping[str, Conversation]
) -> None:
    """Numbers and sums need all rows: the next conversation of a member with a limited view has the next number."""
    limit(ben, Visibility.TEAMS)
    with tenancy.scope(acme, ben.membership.viewer):
        contact = Contact.objects.get(email="jane@example.com")
        made = actions.compose(
            workspace=acme,
            email=contact.email,
            subject="Another",
            body="Hello",
            send_after=clock.now(),
            by=ben.actor,
            at=clock.now(),
        )
        assert made.conversation.number == 6
        assert Conversation.objects.filter(pk=made.conversation.pk).exists(), "who begins a conversation sees it"


def test_what_a_verb_assigns_away_it_may_still_change(
    ada: Member, ben: Member, kinds: Mapping[str, Conversation]
) -> None:
    from accounts import transaction

    limit(ben, Visibility.TEAMS)
    row, act = kinds["own"], {"by": ben.actor, "at": clock.now()}
    with transaction.whole():
        row = actions.assign(conversation=row, to=ada.user, **act)
        actions.set_tags(conversation=row, names=["handed"], **act)
    with pytest.raises(NotFound):
        actions.set_tags(conversation=row, names=["again"], **act)


def test_no_verb_runs_in_a_preview(
    acme: Workspace, ada: Member, ben: Member, kinds: Mapping[str, Conversation]
) -> None:
    preview = Viewer(ben.user.pk, Visibility.ALL, is_preview=True)
    with tenancy.scope(acme, preview), pytest.raises(Forbidden):
        actions.set_tags(conversation=kinds["own"], names=["x"], by=ada.actor, at=clock.now())


def _tenant_models() -> list[type[TenantModel]]:
    return [model for model in apps.get_models() if issubclass(model, TenantModel)]


@pytest.mark.parametrize("model", _tenant_models(), ids=lambda model: model.__name__)
def test_every_row_that_names_a_conversation_or_a_ticket_is_seen_with_it(model: type[TenantModel]) -> None:
    """A new model that points at one, by whatever way, states `seen_by`, or a rule of its own, or stands in SEEN_BY_ALL."""
    viewer = Viewer(1, Visibility.TEAMS)
    limited = {other for other in _tenant_models() if other.visible_to(viewer) is not None}
    names = {
        field.name
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey) and field.related_model in limited
    }
    if names and model.__name__ not in SEEN_BY_ALL:
        assert model in limited, f"{model.__name__} points at {names}"


@pytest.mark.parametrize("model", _tenant_models(), ids=lambda model: model.__name__)
def test_rows_of_every_kind_can_be_asked_for(acme: Workspace, model: type[TenantModel]) -> None:
    with tenancy.scope(acme, Viewer(1, Visibility.TEAMS)):
        assert not model.objects.filter(pk=0).exists()


def test_nobody_loses_a_team_and_goes_on_seeing_it(
    acme: Workspace, ben: Member, support: Team, kinds: Mapping[str, Conversation]
) -> None:
    limit(ben, Visibility.TEAMS)
    support.members.remove(ben.user)
    with tenancy.scope(acme, ben.membership.viewer):
        assert named(Conversation.objects.all(), kinds) == {"own"}


def test_keys_and_the_desk_itself_see_everything(acme: Workspace, kinds: Mapping[str, Conversation]) -> None:
    actions.set_tags(conversation=kinds["others"], names=["x"], by=Actor.system(acme.pk), at=clock.now())
