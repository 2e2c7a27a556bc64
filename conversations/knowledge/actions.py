"""The verbs of the knowledge base: writing and publishing articles, and writing macros."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from accounts import changes, journal, transaction
from accounts.errors import Conflict, Invalid
from accounts.models import Event, Workspace
from accounts.permissions import Actor, permit
from conversations import conditions, events
from conversations import effects as doing
from conversations.effects import as_json, parse
from conversations.knowledge import counting, macro_conditions, macro_effects
from conversations.models import Article, ArticleVisibility, Conversation, Macro
from conversations.models.knowledge import ARTICLE_LIMIT, MACRO_LIMIT, NAME_LIMIT, TITLE_LIMIT
from conversations.texts import validation


@transaction.atomic
def create_article(
    *,
    workspace: Workspace,
    title: str,
    body: str,
    visibility: str = ArticleVisibility.PUBLIC,
    by: Actor,
    at: datetime,
) -> Article:
    """Create an article as a draft. Raises Invalid with the field at fault: a title takes one line of 200 characters, a body 100,000."""
    article = Article(
        workspace=workspace,
        title=_line(title, "title", TITLE_LIMIT),
        body=_body(body, ARTICLE_LIMIT),
        visibility=_visibility(visibility),
        author_id=by.user_id,
        created_at=at,
        updated_at=at,
    )
    permit(by, "knowledge.write", article)
    article.save(force_insert=True)
    journal.record(events.ARTICLE_CREATED, article, by=by, at=at, visibility=visibility)
    return article


@transaction.atomic
def update_article(
    *,
    article: Article,
    title: str | None = None,
    body: str | None = None,
    visibility: str | None = None,
    seen: datetime | None = None,
    by: Actor,
    at: datetime,
) -> Article:
    """Change an article; None leaves a value alone.

    `seen` is the `updated_at` that the writer began from. Raises Invalid with the field at fault, and Conflict
    `article_changed` when somebody else has changed the article since.
    """
    permit(by, "knowledge.write", article)
    given = {
        "title": title if title is None else _line(title, "title", TITLE_LIMIT),
        "body": body if body is None else _body(body, ARTICLE_LIMIT),
        "visibility": visibility if visibility is None else _visibility(visibility),
    }
    article = transaction.held(article)
    changed = changes.change(article, given)
    if not changed:
        return article
    if seen is not None and seen != article.updated_at:
        raise Conflict("someone else has changed this article", code="article_changed")
    article.updated_at = at
    article.save(update_fields=[*changed, "updated_at"])
    journal.record(events.ARTICLE_UPDATED, article, by=by, at=at, fields=changed)
    return article


@transaction.atomic
def publish_article(*, article: Article, by: Actor, at: datetime) -> Article:
    """Publish an article, so that answers use it. One that is published stays as it is."""
    permit(by, "knowledge.write", article)
    article = transaction.held(article)
    if article.published_at is not None:
        return article
    article.published_at = article.updated_at = at
    article.save(update_fields=["published_at", "updated_at"])
    journal.record(events.ARTICLE_PUBLISHED, article, by=by, at=at, visibility=article.visibility)
    return article


@transaction.atomic
def unpublish_article(*, article: Article, by: Actor, at: datetime) -> Article:
    """Make an article a draft again, visible to its editors only."""
    permit(by, "knowledge.write", article)
    article = transaction.held(article)
    if article.published_at is None:
        return article
    article.published_at, article.updated_at = None, at
    article.save(update_fields=["published_at", "updated_at"])
    journal.record(events.ARTICLE_UNPUBLISHED, article, by=by, at=at)
    return article


@transaction.atomic
def delete_article(*, article: Article, by: Actor, at: datetime) -> None:
    """Delete an article for good; its events stay in the journal."""
    permit(by, "knowledge.write", article)
    article = transaction.held(article)
    journal.record(events.ARTICLE_DELETED, article, by=by, at=at)
    article.delete()


@transaction.atomic
def create_macro(
    *,
    workspace: Workspace,
    name: str,
    body: str,
    effects: Sequence[Mapping[str, Any]] = (),
    condition: Mapping[str, Any] | None = None,
    by: Actor,
    at: datetime,
) -> Macro:
    """Create a macro. A name has one line of at most 100 characters, a body at most 10,000; without effects it needs a body.

    `effects` are as `conversations.effects` reads them, `condition` as `conversations.conditions` does. Raises Invalid with the field at fault, and Conflict when the workspace
    has a macro of that name, whatever its case.
    """
    macro = Macro(
        workspace=workspace,
        name=_line(name, "name", NAME_LIMIT),
        effects=as_json(parse(list(effects))),
        condition=_condition(condition) if condition else None,
        author_id=by.user_id,
        created_at=at,
        updated_at=at,
    )
    macro.body = _body(body, MACRO_LIMIT, may_be_blank=bool(macro.effects))
    permit(by, "knowledge.write", macro)
    _save_named(macro, force_insert=True)
    journal.record(events.MACRO_CREATED, macro, by=by, at=at)
    return macro


@transaction.atomic
def update_macro(
    *,
    macro: Macro,
    name: str | None = None,
    body: str | None = None,
    effects: Sequence[Mapping[str, Any]] | None = None,
    condition: Mapping[str, Any] | None = None,
    by: Actor,
    at: datetime,
) -> Macro:
    """Change a macro; None leaves a value alone, and the condition of everything is `{}`. Raises Invalid, and Conflict for a name that is taken."""
    permit(by, "knowledge.write", macro)
    macro = transaction.held(macro)
    done = macro.effects if effects is None else as_json(parse(list(effects)))
    given = {
        "name": name if name is None else _line(name, "name", NAME_LIMIT),
        "body": _body(macro.body if body is None else body, MACRO_LIMIT, may_be_blank=bool(done)),
        "effects": done,
        # Without one a macro has NULL or {}, which mean the same.
        "condition": None if condition is None or not (condition or macro.condition) else _condition(condition),
    }
    changed = changes.change(macro, given)
    if not changed:
        return macro
    macro.updated_at = at
    _save_named(macro, update_fields=[*changed, "updated_at"])
    journal.record(events.MACRO_UPDATED, macro, by=by, at=at, fields=changed)
    return macro


NOT_FOR_IT = "this macro is not for conversations like this one"


class AppliedMacro(NamedTuple):
    """What came of a macro in one conversation: its text for the composer, and the event by which it is undone."""

    event: Event
    text: str
    changes: bool


@transaction.atomic
def apply_macro(*, macro: Macro, conversation: Conversation, by: Actor, at: datetime) -> AppliedMacro:
    """Do what a macro does to a conversation, all of it or nothing, and count its use. Its text is not sent, but comes back.

    Raises what its verbs raise, and Conflict where the macro's condition does not hold.
    """
    permit(by, "knowledge.read", macro)
    permit(by, "conversation.update", conversation)
    if not macro_conditions.holds(macro, conversation, by):
        raise Conflict(NOT_FOR_IT, code="not_offered")
    event = journal.record(events.MACRO_APPLIED, conversation, by=by, at=at, macro_id=macro.pk)
    wanted = macro_effects.filled(macro_effects.effects_of(macro), conversation, by)
    applied = doing.apply(wanted, conversation=conversation, by=by, at=at, cause=event)
    text = macro_effects.text_of(macro, conversation, by)
    counting.count_use(macro, at)
    return AppliedMacro(event, "\n\n".join(part for part in (text, applied.reply) if part), applied.changes)


@transaction.atomic
def delete_macro(*, macro: Macro, by: Actor, at: datetime) -> None:
    """Delete a macro for good; what was written with it stays."""
    permit(by, "knowledge.write", macro)
    macro = transaction.held(macro)
    journal.record(events.MACRO_DELETED, macro, by=by, at=at)
    macro.delete()


def _condition(given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return conditions.parse(dict(given)).as_json()
    except Invalid as error:
        path = f".{error.field}" if error.field else ""
        raise Invalid(error.message, field=f"condition{path}", code=error.code) from error


def _line(value: str, field: str, longest: int) -> str:
    return validation.check(" ".join(value.split()), field, longest=longest)


def _body(value: str, longest: int, *, may_be_blank: bool = False) -> str:
    # Browsers send CR LF; the desk keeps LF, so that a text reads the same wherever it is shown.
    return validation.check(value.replace("\r\n", "\n"), "body", longest=longest, blank=may_be_blank)


def _visibility(value: str) -> str:
    if value not in ArticleVisibility.values:
        raise Invalid(f"visibility must be {' or '.join(ArticleVisibility.values)}", field="visibility")
    return value


def _save_named(macro: Macro, **how: Any) -> None:
    taken = Conflict("a macro with this name already exists", field="name", code="name_taken")
    transaction.unless_taken("macro_name_unique_per_workspace", taken, partial(macro.save, **how))
