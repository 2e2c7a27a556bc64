"""Tenant rows are closed by default, and PostgreSQL lets none of them point across the boundary."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection

from accounts import tenancy
from accounts.models import Membership, Team, Workspace
from accounts.tenancy import MissingScope
from conversations.models import Conversation
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory


def test_rows_outside_a_scope_are_an_error_and_not_an_empty_list(ada: Member) -> None:
    with pytest.raises(MissingScope):
        Membership.objects.count()
    with pytest.raises(MissingScope):
        Team.objects.create(name="Nobody's")


def test_scope_holds_its_own_rows_alone(ada: Member, cleo: Member, acme: Workspace, globex: Workspace) -> None:
    with tenancy.scope(acme):
        assert [row.user for row in Membership.objects.all()] == [ada.user]
        with tenancy.scope(globex):
            assert [row.user for row in Membership.objects.all()] == [cleo.user]
        assert tenancy.current() == acme


def test_scope_ends_with_its_block_even_when_that_fails(acme: Workspace) -> None:
    with pytest.raises(ZeroDivisionError), tenancy.scope(acme):
        _ = 1 / 0
    with pytest.raises(MissingScope):
        tenancy.current()


def test_scope_does_not_reach_into_another_thread(acme: Workspace) -> None:
    with tenancy.scope(acme), ThreadPoolExecutor(1) as pool, pytest.raises(MissingScope):
        pool.submit(tenancy.current).result()


def test_query_set_made_inside_a_scope_keeps_its_workspace(ada: Member, cleo: Member, acme: Workspace) -> None:
    with tenancy.scope(acme):
        rows = Membership.objects.all()
    assert [row.user for row in rows] == [ada.user]


def test_row_made_inside_a_scope_belongs_to_it(acme: Workspace) -> None:
    with tenancy.scope(acme):
        assert Team.objects.create(name="Night").workspace == acme


def test_postgresql_refuses_a_row_that_points_into_another_workspace(acme: Workspace, globex: Workspace) -> None:
    conversation = ConversationFactory(workspace=acme)
    stranger = ContactFactory(workspace=globex)
    Conversation.all_workspaces.filter(pk=conversation.pk).update(contact=stranger)
    with pytest.raises(IntegrityError, match="same_workspace"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
