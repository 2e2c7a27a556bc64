"""Rows for tests, built through the verbs, so that every arrangement is one that the desk itself could have made."""

from __future__ import annotations

from typing import Any

import factory

from accounts import actions as account_actions
from accounts import clock
from accounts.models import ApiKey, KeyKind, Membership, Team, User, Workspace
from accounts.permissions import Actor, Role, client_scopes, scopes
from conversations import actions
from conversations.channels.email import actions as mailbox_actions
from conversations.channels.email.wire.endpoints import Credentials, ImapServer, SmtpServer
from conversations.knowledge import actions as knowledge_actions
from conversations.models import Article, Contact, Conversation, Inbound, Macro, Mailbox, Message
from tickets import actions as ticket_actions
from tickets.models import Ticket

ALL_SCOPES = tuple(scopes())
PASSWORD = "correct horse battery"
CLIENT_SCOPES = tuple(client_scopes())


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A person who can sign in with `PASSWORD`."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Faker("name")

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        password = kwargs.pop("password", PASSWORD)
        return User.objects.create_user(kwargs.pop("email"), password, **kwargs)


class WorkspaceFactory(factory.Factory[Workspace]):
    """A workspace of its own."""

    class Meta:
        model = Workspace

    slug = factory.Sequence(lambda n: f"workspace-{n}")
    name = factory.LazyAttribute(lambda o: o.slug.title())

    @classmethod
    def _create(cls, model_class: type[Workspace], *args: Any, **kwargs: Any) -> Workspace:
        return account_actions.create_workspace(at=clock.now(), **kwargs)


class MembershipFactory(factory.Factory[Membership]):
    """A person's place in a workspace; the person is made unless given."""

    class Meta:
        model = Membership

    workspace = factory.SubFactory(WorkspaceFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.AGENT

    @classmethod
    def _create(cls, model_class: type[Membership], *args: Any, **kwargs: Any) -> Membership:
        by = Actor.system(kwargs["workspace"].pk)
        return account_actions.add_member(by=by, at=clock.now(), **kwargs)


def api_key(workspace: Workspace, **values: Any) -> tuple[ApiKey, str]:
    """A key and its secret; by default a server key with every scope."""
    kind = values.pop("kind", KeyKind.SERVER)
    values.setdefault("scopes", ALL_SCOPES if kind == KeyKind.SERVER else CLIENT_SCOPES)
    values.setdefault("name", "Test key")
    values.setdefault("by", Actor.system(workspace.pk))
    return account_actions.create_key(workspace=workspace, kind=kind, at=clock.now(), **values)


class TeamFactory(factory.Factory[Team]):
    """A team of a workspace, without members unless they are given."""

    class Meta:
        model = Team

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Team {n}")

    @classmethod
    def _create(cls, model_class: type[Team], *args: Any, **kwargs: Any) -> Team:
        by = Actor.system(kwargs["workspace"].pk)
        return account_actions.save_team(by=by, at=clock.now(), **kwargs)


class ContactFactory(factory.Factory[Contact]):
    """A customer of a workspace."""

    class Meta:
        model = Contact

    workspace = factory.SubFactory(WorkspaceFactory)
    external_id = factory.Sequence(lambda n: f"customer_{n}")
    email = factory.Sequence(lambda n: f"customer{n}@example.com")
    name = factory.Faker("name")

    @classmethod
    def _create(cls, model_class: type[Contact], *args: Any, **kwargs: Any) -> Contact:
        kwargs.setdefault("by", Actor.system(kwargs["workspace"].pk))
        kwargs.setdefault("at", clock.now())
        return actions.identify(**kwargs)


class ConversationFactory(factory.Factory[Conversation]):
    """A conversation with a contact of its workspace, and a first message unless `body=None`."""

    class Meta:
        model = Conversation

    workspace = factory.SubFactory(WorkspaceFactory)
    contact = factory.LazyAttribute(lambda o: ContactFactory(workspace=o.workspace))
    subject = factory.Faker("sentence", nb_words=5)
    body = factory.Faker("paragraph")

    @classmethod
    def _create(cls, model_class: type[Conversation], *args: Any, **kwargs: Any) -> Conversation:
        kwargs.setdefault("by", Actor.system(kwargs["workspace"].pk))
        kwargs.setdefault("at", clock.now())
        return actions.start(**kwargs)


class TicketFactory(factory.Factory[Ticket]):
    """A ticket of a workspace, without a conversation."""

    class Meta:
        model = Ticket

    workspace = factory.SubFactory(WorkspaceFactory)
    subject = factory.Faker("sentence", nb_words=4)

    @classmethod
    def _create(cls, model_class: type[Ticket], *args: Any, **kwargs: Any) -> Ticket:
        kwargs.setdefault("by", Actor.system(kwargs["workspace"].pk))
        kwargs.setdefault("at", clock.now())
        return ticket_actions.open_ticket(**kwargs)


class ArticleFactory(factory.Factory[Article]):
    """An article of a workspace: published for everyone, unless `published=False` or a visibility say otherwise."""

    class Meta:
        model = Article

    workspace = factory.SubFactory(WorkspaceFactory)
    title = factory.Sequence(lambda n: f"Article {n}")
    body = factory.Faker("paragraph")
    published = True

    @classmethod
    def _create(cls, model_class: type[Article], *args: Any, **kwargs: Any) -> Article:
        kwargs.setdefault("by", Actor.system(kwargs["workspace"].pk))
        kwargs.setdefault("at", clock.now())
        published = kwargs.pop("published")
        article = knowledge_actions.create_article(**kwargs)
        return (
            knowledge_actions.publish_article(article=article, by=kwargs["by"], at=kwargs["at"])
            if published
            else article
        )


class MacroFactory(factory.Factory[Macro]):
    """A macro of a workspace."""

    class Meta:
        model = Macro

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Macro {n:03}")
    body = factory.Faker("paragraph")

    @classmethod
    def _create(cls, model_class: type[Macro], *args: Any, **kwargs: Any) -> Macro:
        kwargs.setdefault("by", Actor.system(kwargs["workspace"].pk))
        kwargs.setdefault("at", clock.now())
        return knowledge_actions.create_macro(**kwargs)


def reply(conversation: Conversation, body: str = "We are on it.", **values: Any) -> Message:
    """The team's answer, sent by the desk unless `by` says otherwise."""
    values.setdefault("by", Actor.system(conversation.workspace_id))
    values.setdefault("at", clock.now())
    return actions.reply(conversation=conversation, body=body, **values)


def receive(conversation: Conversation, body: str = "It still fails.", **values: Any) -> Message:
    """What the customer writes next."""
    values.setdefault("by", Actor.system(conversation.workspace_id))
    values.setdefault("at", clock.now())
    return actions.receive(conversation=conversation, body=body, **values)


class MailboxFactory(factory.Factory[Mailbox]):
    """A mailbox that is fetched by IMAP, unless another way is given; nothing is connected to."""

    class Meta:
        model = Mailbox

    workspace = factory.SubFactory(WorkspaceFactory)
    address = factory.Sequence(lambda n: f"support{n}@example.com")

    @classmethod
    def _create(cls, model_class: type[Mailbox], *args: Any, **kwargs: Any) -> Mailbox:
        kwargs.setdefault("by", Actor.system(kwargs["workspace"].pk))
        kwargs.setdefault("at", clock.now())
        if kwargs.setdefault("inbound", Inbound.IMAP) == Inbound.IMAP:
            login = Credentials(kwargs["address"], "hush hush")
            kwargs.setdefault("imap", (ImapServer("imap.example.com"), login))
            kwargs.setdefault("smtp", (SmtpServer("smtp.example.com"), login))
        return mailbox_actions.create_mailbox(**kwargs)
