"""What an example is played on: a workspace of its own, filled by simple facts, whose values requests may name.

A fact is an object whose first word says what it is: `{"conversation": "order", "contact": "jane", "subject": "…"}` makes
a conversation that is later called `order`. All facts are made through the verbs, a minute apart, the last one a minute
ago. `{{order.id}}` in a request is then its public id; see `Scene.value` for all that can be named.
"""

from __future__ import annotations

import itertools
import re
import secrets
import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts import actions as account_actions
from accounts import clock, tenancy
from accounts.credentials import identity
from accounts.models import KeyKind, Membership, User, Workspace
from accounts.permissions import Actor, Role
from conversations import actions
from conversations.api import end_user
from conversations.assistant import actions as assistant_actions
from conversations.chat import actions as chat_actions
from conversations.chat import sessions
from conversations.dialects.posthog.visitors import session_token
from conversations.models import Channel, Contact, Conversation, Handler
from tests import factories
from tickets import actions as ticket_actions

_NAMED = re.compile(r"{{([^{}]+)}}")
_SERIAL = itertools.count(1)
CSRF_TOKEN = "c" * 32
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class Scene:
    """A fresh workspace with a server key and a client key, and whatever the facts say."""

    def __init__(self, facts: Iterable[Mapping[str, Any]] = ()) -> None:
        facts = list(facts)
        self.at = clock.now() - timedelta(minutes=len(facts) + 1)
        self.names: dict[str, Any] = {}
        self.workspace = self.new_workspace("workspace")
        self.system = Actor.system(self.workspace.pk)
        for name in ("server", "client"):
            self.key({"key": f"{name}_key", "kind": name})
        for fact in facts:
            self.at += timedelta(minutes=1)
            self.add(dict(fact))

    # --- Facts ----------------------------------------------------------------------------------

    def add(self, fact: dict[str, Any]) -> None:
        """Make one fact true, in the workspace unless it says `in`."""
        kind = next(iter(fact))
        home = self.names[fact.pop("in")] if "in" in fact else self.workspace
        self.home, self.system = home, Actor.system(home.pk)
        with tenancy.scope(home):
            made = getattr(self, kind)(fact)
        if made is not None and fact[kind]:
            self.names[fact[kind]] = made

    def new_workspace(self, name: str) -> Workspace:
        slug = f"{name}-{next(_SERIAL)}-{secrets.token_hex(4)}"
        made = self.names[name] = self.home = factories.WorkspaceFactory(slug=slug, name=name.title())
        return made

    def another(self, fact: dict[str, Any]) -> Workspace:
        """`{"another": "globex"}`: a second workspace, for facts with `"in": "globex"`."""
        return self.new_workspace(fact["another"])

    def settings(self, fact: dict[str, Any]) -> None:
        """`{"settings": {…}}`: the workspace's settings."""
        account_actions.update_workspace(workspace=self.home, settings=fact["settings"], by=self.system, at=self.at)

    def operator(self, fact: dict[str, Any]) -> User:
        """`{"operator": "ben", "email": …, "name": …, "role": "agent"}`; a person may be of several workspaces."""
        email = fact.get("email") or f"{fact['operator']}@{self.home.slug}.example"
        person = User.objects.filter(email=email).first()
        person = person or factories.UserFactory(email=email, name=fact.get("name", fact["operator"].title()))
        factories.MembershipFactory(workspace=self.home, user=person, role=Role(fact.get("role", "agent")))
        return person

    def team(self, fact: dict[str, Any]) -> Any:
        """`{"team": "billing", "members": ["ben"]}`."""
        members = [self.names[name] for name in fact.get("members", [])]
        return account_actions.save_team(
            workspace=self.home, name=fact["team"].title(), members=members, by=self.system, at=self.at
        )

    def key(self, fact: dict[str, Any]) -> str:
        """`{"key": "reader", "kind": "server", "scopes": […], "expired": true, "revoked": true, …}`; named is its secret."""
        values = {name: value for name, value in fact.items() if name not in ("key", "kind", "expired", "revoked")}
        row, secret = factories.api_key(self.home, kind=KeyKind(fact.get("kind", "server")), **values)
        if fact.get("revoked"):
            account_actions.revoke_key(key=row, by=self.system, at=self.at)
        if fact.get("expired"):
            # No verb makes a key that is expired already.
            type(row).all_workspaces.filter(pk=row.pk).update(expires_at=clock.now() - timedelta(seconds=1))
        self.names[fact["key"]] = secret
        return secret

    def contact(self, fact: dict[str, Any]) -> Contact:
        """`{"contact": "jane", "email": …, "external_id": …, "name": …, "first_name": …, "is_trusted": true}`."""
        values = {name: value for name, value in fact.items() if name != "contact"}
        return actions.identify(workspace=self.home, by=self.system, at=self.at, **values)

    def conversation(self, fact: dict[str, Any]) -> Conversation:
        """`{"conversation": "order", "contact": "jane", "subject": …, "body": …, "channel": "chat", …}`."""
        values = {name: value for name, value in fact.items() if name not in ("conversation", "contact")}
        for name, kind in (("channel", Channel), ("handler", Handler)):
            if name in values:
                values[name] = kind(values[name])
        values.setdefault("subject", fact["conversation"].title())
        values["contact"] = self.names[fact["contact"]]
        return actions.start(workspace=self.home, by=self.system, at=self.at, **values)

    def message(self, fact: dict[str, Any]) -> Any:
        """`{"message": "m1", "conversation": "order", "body": …}`, the customer's unless `by` names an operator."""
        row = self._conversation(fact)
        if "by" in fact:
            return actions.reply(conversation=row, body=fact["body"], by=self._operator(fact["by"]), at=self.at)
        return actions.receive(conversation=row, body=fact["body"], by=self.system, at=self.at)

    def assistant(self, fact: dict[str, Any]) -> Conversation:
        """`{"assistant": "helper", "content": …}`: the workspace has asked the assistant, and no worker has answered yet."""
        run = assistant_actions.ask_assistant(workspace=self.home, content=fact["content"], by=self.system, at=self.at)
        return run.thread.conversation

    def queued(self, fact: dict[str, Any]) -> Any:
        """`{"queued": "next", "assistant": "helper", "content": …}`: a message that waits until the assistant is done."""
        thread = self.names[fact["assistant"]].assistant_thread
        return assistant_actions.enqueue(thread=thread, content=fact["content"], by=self.system, at=self.at)

    def note(self, fact: dict[str, Any]) -> Any:
        """`{"note": "n1", "conversation": "order", "by": "ben", "body": …}`."""
        by = self._operator(fact["by"]) if "by" in fact else self.system
        return actions.note(conversation=self._conversation(fact), body=fact["body"], by=by, at=self.at)

    def status(self, fact: dict[str, Any]) -> None:
        """`{"status": "closed", "conversation": "order"}`, or of a `ticket`."""
        if "ticket" in fact:
            ticket = self.names[fact["ticket"]]
            ticket_actions.set_status(ticket=ticket, status=fact["status"], by=self.system, at=self.at)
        else:
            row = self._conversation(fact)
            actions.set_status(conversation=row, status=fact["status"], by=self.system, at=self.at)

    def assignee(self, fact: dict[str, Any]) -> None:
        """`{"assignee": "ben", "conversation": "order"}`."""
        actions.assign(
            conversation=self._conversation(fact), to=self.names[fact["assignee"]], by=self.system, at=self.at
        )

    def tags(self, fact: dict[str, Any]) -> None:
        """`{"tags": ["vip"], "conversation": "order"}`."""
        actions.set_tags(conversation=self._conversation(fact), names=fact["tags"], by=self.system, at=self.at)

    def snooze(self, fact: dict[str, Any]) -> None:
        """`{"snooze": 60, "conversation": "order"}`: for so many minutes from now."""
        until = clock.now() + timedelta(minutes=fact["snooze"])
        actions.snooze(conversation=self._conversation(fact), until=until, by=self.system, at=self.at)

    def escalation(self, fact: dict[str, Any]) -> Any:
        """`{"escalation": "outage", "conversation": "order", "reason": …}`: names the ticket that it opens."""
        row = self._conversation(fact)
        return actions.escalate(conversation=row, reason=fact.get("reason"), by=self.system, at=self.at)

    def ticket(self, fact: dict[str, Any]) -> Any:
        """`{"ticket": "outage", "subject": …, "status": …, "priority": …, "assignee": "ben", "tag_names": […]}`."""
        values = {name: value for name, value in fact.items() if name != "ticket"}
        for name in ("assignee", "team"):
            if name in values:
                values[name] = self.names[values[name]]
        return ticket_actions.open_ticket(workspace=self.home, by=self.system, at=self.at, **values)

    def link(self, fact: dict[str, Any]) -> None:
        """`{"link": "outage", "conversation": "order"}`: points the conversation at the ticket."""
        ticket = self.names[fact["link"]]
        actions.link(conversation=self._conversation(fact), ticket=ticket, by=self.system, at=self.at)

    def widget(self, fact: dict[str, Any]) -> Any:
        """`{"widget": "site", "allowed_origins": […], …}`: a chat with a key in each form."""
        values = {name: value for name, value in fact.items() if name != "widget"}
        return chat_actions.create_widget(
            workspace=self.home, name=fact["widget"].title(), woes_key=True, posthog_token=True, by=self.system, at=self.at, **values
        )  # fmt: skip

    def visit(self, fact: dict[str, Any]) -> Any:
        """`{"visit": "asked", "widget": "site", "browser": "<uuid>", "body": …}`: somebody wrote with posthog-js; names the ticket."""
        widget = self.names[fact["widget"]]
        token = session_token(widget, uuid.UUID(fact["browser"]))
        act: dict[str, Any] = {"by": sessions.visitor(widget), "at": self.at}
        session = chat_actions.start_session(widget=widget, token=token, **act).session
        return chat_actions.start_ticket(session=session, body=fact["body"], **act).conversation.ticket

    def _conversation(self, fact: Mapping[str, Any]) -> Conversation:
        row: Conversation = self.names[fact["conversation"]]
        return Conversation.objects.get(pk=row.pk)

    def _operator(self, name: str) -> Actor:
        return Actor.member(Membership.objects.select_related("user").get(user=self.names[name]))

    # --- What requests and answers name ---------------------------------------------------------

    def fill(self, value: Any) -> Any:
        """A JSON value with every `{{…}}` replaced; a text that is one name alone becomes the value as it is."""
        if isinstance(value, dict):
            return {self.fill(name): self.fill(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner) for inner in value]
        if not isinstance(value, str):
            return value
        if (whole := _NAMED.fullmatch(value)) is not None:
            return self.value(whole[1])
        return _NAMED.sub(lambda match: str(self.value(match[1])), value)

    def value(self, name: str) -> Any:
        """What a name stands for.

        `server_key`, `client_key` or any key: its secret. `order.id`: a public id; `order.number`, `ben.email`: any
        other attribute. `hash:<email>`: the proof of an email. `token:<contact>`: a customer's signed token.
        `conversation_token:<conversation>`. `session:<operator>`: the Cookie header of a browser in which they are
        signed in, with `csrf` as its token; `session_id:<operator>`: that session alone. Anything captured from an answer, by the name it was given.
        """
        kind, _, argument = name.partition(":")
        match kind if argument else "":
            case "hash":
                return identity.email_hash(self.workspace, argument)
            case "token":
                contact = self.names[argument]
                return identity.issue_token(
                    self.workspace,
                    external_id=contact.reference,
                    email=contact.email,
                    name=contact.name,
                    lifetime=timedelta(hours=1),
                    at=clock.now(),
                )
            case "conversation_token":
                return end_user.token(self.names[argument])
            case "session_id":
                return _sign_in(self.names[argument])
            case "session":
                return f"sessionid={_sign_in(self.names[argument])}; csrftoken={CSRF_TOKEN}"
        if name == "csrf":
            return CSRF_TOKEN
        head, _, attribute = name.partition(".")
        known = self.names[head]
        if not attribute:
            return known
        found = getattr(known, "public_id" if attribute == "id" and hasattr(known, "public_id") else attribute)
        return found if isinstance(found, (int, bool)) else str(found)


def _sign_in(user: User) -> str:
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session.update(
        {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: BACKEND, HASH_SESSION_KEY: user.get_session_auth_hash()}
    )
    session.save()
    return str(session.session_key)
