"""The tenant boundary is kept three times: by the scope, by PostgreSQL, and by every door."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from accounts import clock, tenancy
from accounts import transaction as own_transaction
from accounts.errors import NotFound
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from accounts.tenancy import MissingScope, TenantModel
from conversations import actions
from conversations.models import Conversation
from tests.architecture import verbs
from tests.factories import ContactFactory, ConversationFactory

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = [
    model for model in apps.get_models() if model.__module__.split(".")[0] in {"accounts", "tickets", "conversations"}
]
TENANT_MODELS = [model for model in OURS if issubclass(model, TenantModel)]
LINKS = [
    pytest.param(model, field, id=f"{model.__name__}.{field.name}")
    for model in TENANT_MODELS
    for field in model._meta.get_fields()
    if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TenantModel)
]


@pytest.mark.parametrize("model", TENANT_MODELS)
def test_rows_are_out_of_reach_without_a_scope(model: type[TenantModel]) -> None:
    with pytest.raises(MissingScope):
        model.objects.all()


def test_every_row_of_a_workspace_is_a_tenant_row() -> None:
    with_workspace = {model for model in OURS if any(field.name == "workspace" for field in model._meta.get_fields())}
    # The journal outlives scopes: it is read by the dispatcher, the live hub and the audit pages, always by workspace.
    assert with_workspace - {Event} == set(TENANT_MODELS)


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "field"), LINKS)
def test_postgresql_keeps_a_row_from_pointing_at_another_workspace(
    model: type[TenantModel], field: models.ForeignKey[TenantModel, TenantModel]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass",
            [model._meta.db_table],
        )
        definitions = [row[0] for row in cursor.fetchall()]
    wanted = (
        f"FOREIGN KEY (workspace_id, {field.column}) REFERENCES {field.related_model._meta.db_table}(workspace_id, id)"
    )
    assert any(wanted in definition for definition in definitions), f"add a TenantForeignKey for {field}"


@pytest.mark.django_db
def test_conversation_cannot_be_given_another_workspaces_contact(acme: Workspace, globex: Workspace) -> None:
    conversation = ConversationFactory(workspace=acme)
    stranger = ContactFactory(workspace=globex)
    rows = Conversation.all_workspaces.filter(pk=conversation.pk)
    with transaction.atomic():
        rows.update(contact=stranger)
        with pytest.raises(IntegrityError):
            connection.check_constraints()
        transaction.set_rollback(True)


@pytest.mark.parametrize("path", verbs.FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_verbs_reach_rows_through_their_actors_scope_and_an_exception_says_why(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if "all_workspaces" in line or "_base_manager" in line or "_default_manager" in line:
            assert "# Spans workspaces: " in lines[number - 1], f"{path.name}:{number + 1}"


@pytest.mark.django_db
def test_verb_runs_in_the_scope_of_its_actor_whatever_is_open(acme: Workspace, globex: Workspace) -> None:
    conversation = ConversationFactory(workspace=acme)
    with tenancy.scope(globex):
        actions.edit_subject(conversation=conversation, subject="Ours", by=Actor.system(acme.pk), at=clock.now())
        assert tenancy.current() == globex
        with pytest.raises(NotFound):
            actions.edit_subject(
                conversation=conversation, subject="Stolen", by=Actor.system(globex.pk), at=clock.now()
            )
    assert Conversation.all_workspaces.get().subject == "Ours"


@pytest.mark.django_db
def test_row_of_another_workspace_is_missing_even_where_nobody_asked_whose_it_is(
    acme: Workspace, globex: Workspace
) -> None:
    conversation = ConversationFactory(workspace=acme)
    with tenancy.scope(globex), transaction.atomic(), pytest.raises(NotFound):
        own_transaction.held(conversation)


@pytest.mark.django_db
def test_scopes_nest_and_the_innermost_counts(acme: Workspace, globex: Workspace) -> None:
    ConversationFactory(workspace=acme)
    with tenancy.scope(acme):
        assert Conversation.objects.count() == 1
        with tenancy.scope(globex):
            assert Conversation.objects.count() == 0
        assert tenancy.current() == acme
    with pytest.raises(MissingScope):
        tenancy.current()
