"""Finds statements that reach rows of a tenant's table without naming the workspace.

Every index of a tenant's table begins with the workspace, so that such a statement reads a whole index, or the whole table, of
all workspaces together. A table counts as held when the statement

- compares its `workspace_id` with a value, or with the `workspace_id` of a table that is held;
- or compares all columns of one of its unique keys with values, or with columns of tables that are held: so one row is
  found by its key, and the row that another one points at.

A sub-select is judged by itself; what it takes from the statement around it is a value. An OR holds what each of its parts holds.

`watch` has every statement of every connection looked at, whatever thread it is in, and gives those that the product sent.
Where they are meant, `SPANS` names the function that sends them, with the reason.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from types import FrameType
from typing import Any

import sqlglot
from django.apps import apps
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models import Model, UniqueConstraint
from sqlglot import exp

from accounts.models import Event, Workspace
from accounts.tenancy import TenantModel

APPS = frozenset({"accounts", "tickets", "conversations", "config"})
_LISTS = re.compile(r"\(%s(?:, %s)+\)")
_ROWS = re.compile(r"(?:SELECT|UPDATE|DELETE|WITH|\()", re.I)


# --- One statement --------------------------------------------------------------------------------


@cache
def _keys() -> dict[str, tuple[frozenset[str], ...]]:
    """The unique keys of every table that is looked at, by its name."""
    models = [model for model in apps.get_models(include_auto_created=True) if issubclass(model, TenantModel)]
    return {model._meta.db_table: _keys_of(model) for model in [*models, Event, Workspace]}


def _keys_of(model: type[Model]) -> tuple[frozenset[str], ...]:
    options = model._meta
    columns = {field.name: field.column for field in options.concrete_fields}
    alone = [{field.column} for field in options.concrete_fields if field.unique]
    together = [
        {columns[name] for name in found.fields}
        for found in options.constraints
        if isinstance(found, UniqueConstraint) and found.fields and found.condition is None
    ]
    return tuple(map(frozenset, [*alone, *together]))


@cache
def without_workspace(statement: str) -> tuple[str, ...]:
    """The tables of a statement, as `table alias`, whose rows it reaches without naming the workspace."""
    if not _ROWS.match(statement.lstrip()) or not any(table in statement for table in _keys()):
        return ()
    try:
        tree = sqlglot.parse_one(statement.replace("%%", "%"), dialect="postgres")
    except sqlglot.ParseError as error:
        return (f"unreadable: {error}",)
    return tuple(sorted({found for part in tree.find_all(exp.Select, exp.Update, exp.Delete) for found in _free(part)}))


def _free(part: exp.Expression) -> Iterator[str]:
    """What one SELECT, UPDATE or DELETE does not hold; not what is in its sub-selects."""
    tables, conditions = _sources(part)
    held: set[str] = set(tables) - {alias for alias, name in tables.items() if name in _keys()}
    count = -1
    while count != len(held):
        count = len(held)
        for condition, only in conditions:
            held |= _held_by(condition, tables, held) & (only or set(tables))
    # The workspaces themselves may be gone through, but are no value that a workspace is compared with.
    free = (alias for alias in tables if alias not in held and tables[alias] != Workspace._meta.db_table)
    return (f"{tables[alias]} {alias}" for alias in free)


def _sources(part: exp.Expression) -> tuple[dict[str, str], list[tuple[exp.Expression, set[str]]]]:
    """The tables by alias, and the conditions on them, with the aliases that one can hold where it cannot hold all."""
    given = [part.this] if isinstance(part, (exp.Update, exp.Delete)) else []
    beside = part.args.get("from_") or part.args.get("from")
    given += [beside.this] if beside is not None else []
    given += part.args.get("using") or []
    joins = [*(part.args.get("joins") or []), *(join for source in given for join in source.args.get("joins") or [])]
    given += [join.this for join in joins]
    tables = {source.alias_or_name: source.name if isinstance(source, exp.Table) else "" for source in given}
    # An outer join leaves the rows of the other side as they are.
    found = [
        (join.args["on"], {join.this.alias_or_name} if join.side else set())
        for join in joins
        if join.args.get("on") is not None
    ]
    where = part.args.get("where")
    return tables, [*found, *([(where.this, set())] if where is not None else [])]


def _held_by(condition: exp.Expression, tables: dict[str, str], held: set[str]) -> set[str]:
    """The aliases that a condition holds, when these are held already."""
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        return _by_values(_parts(condition), tables, held)
    if isinstance(condition, exp.Or):
        return _held_by(condition.left, tables, held) & _held_by(condition.right, tables, held)
    return _by_values([condition], tables, held)


def _parts(condition: exp.Expression) -> list[exp.Expression]:
    condition = condition.unnest()
    return [*_parts(condition.left), *_parts(condition.right)] if isinstance(condition, exp.And) else [condition]


def _by_values(parts: list[exp.Expression], tables: dict[str, str], held: set[str]) -> set[str]:
    known: dict[str, set[str]] = {}
    found: set[str] = set()
    for part in parts:
        if isinstance(part, exp.Or):
            found |= _held_by(part, tables, held)
        for column, value in _comparisons(part):
            alias = _alias(column, tables)
            if alias is not None and _is_value(value, tables, held - {alias}):
                known.setdefault(alias, set()).add(column.name)
    for alias, columns in known.items():
        keys = _keys().get(tables[alias], ())
        if "workspace_id" in columns or any(key <= columns for key in keys):
            found.add(alias)
    return found


def _comparisons(part: exp.Expression) -> Iterator[tuple[exp.Column, list[exp.Expression]]]:
    """A column, and what it is equal to: one value, or one of several."""
    if isinstance(part, exp.EQ):
        for one, other in ((part.this, part.expression), (part.expression, part.this)):
            if isinstance(one.unnest(), exp.Column):
                yield one.unnest(), [other]
    elif isinstance(part, exp.Is) and isinstance(part.this.unnest(), exp.Column):
        yield part.this.unnest(), []
    elif isinstance(part, exp.In) and isinstance(part.this.unnest(), exp.Column):
        yield part.this.unnest(), part.expressions  # of a sub-select any value is one


def _is_value(values: list[exp.Expression], tables: dict[str, str], held: set[str]) -> bool:
    for value in values:
        if isinstance(value, (exp.Subquery, exp.Select)):
            continue
        for column in value.find_all(exp.Column):
            alias = _alias(column, tables)
            if alias is not None and alias not in held:
                return False
    return True


def _alias(column: exp.Column, tables: dict[str, str]) -> str | None:
    """The table of this SELECT that a column belongs to; None for one of the statement around it."""
    if not column.table:
        return next(iter(tables)) if len(tables) == 1 else None
    return column.table if column.table in tables else None


# --- Every statement ------------------------------------------------------------------------------


_JOB = "a job of all workspaces"
SPANS: dict[str, str] = {
    "accounts.index_migrations:update_in_batches": "a migration changes the rows of all, by their ids",
    "accounts.moments:CheckMoments.database_forwards": "a migration mends the rows of all",
    "accounts.mailing:_taken": f"{_JOB}, by the index of the mails that are due",
    "accounts.pushing:_taken": f"{_JOB}, by the index of the push messages that are due",
    "conversations.notifications.reading:forget": f"{_JOB}, by the index of their moments",
    "accounts.activity:_lines": "a superuser's newest events, by their ids",
    "conversations.chat.access:still_open": "the sessions of a process's open streams, by their ids",
    "config.metrics:_of_the_database": "what waits in all workspaces, for the operator",
    "conversations.channels.email.watching:Watchers.look": f"{_JOB}, whose mailboxes are few",
    "conversations.channels.email.receiving:process_waiting": f"{_JOB}, by the index of the mails that wait",
    "conversations.channels.discord.leasing:reserve": f"{_JOB}, whose bots are few",
    "conversations.channels.discord.leasing:take": f"{_JOB}, likewise",
    "conversations.channels.discord.leasing:let_go": f"{_JOB}, likewise",
    "conversations.channels.discord.health:of_installation": "the bots of all workspaces, one each, for the operator",
    "conversations.channels.email.health:_of": "the mailboxes of all workspaces, a handful each, for the operator",
    "conversations.api.idempotency:forget": f"{_JOB}, by the index of the moments",
    "conversations.assistant.recovery:_is_anything_going_on": f"{_JOB}, by the partial index of the runs that are going on",
    "conversations.assistant.recovery:recover_all": f"{_JOB}, by the partial index of the runs that are going on",
    "conversations.assistant.recovery:start_left_over": f"{_JOB}; what waits in queues is little",
    "conversations.assistant.runs:_beat_for_unclaimed": f"{_JOB}, by the partial index of the runs that are going on",
    "conversations.assistant.runs:beat": f"{_JOB}, by the partial index of the runs that are going on",
    "conversations.assistant.tasks:forget_assistant_frames": f"{_JOB}; frames are kept for a day",
    "conversations.assistant.tasks:settle_quiet_threads": f"{_JOB}; what the assistant handles is little",
    "conversations.assistant.watching:pulse": "the newest frame of runs in hand, by the key that begins with the run",
    "conversations.bulk.tasks:forget_bulk_jobs": f"{_JOB}; jobs are few",
    "conversations.bulk.working:taken": f"{_JOB}, by the partial index of the jobs at work",
    "conversations.channels.leases:taken": f"{_JOB}, by the partial index of the deliveries that are due",
    "conversations.maintenance:compare_contacts": f"{_JOB}; what waits to be compared is little",
    "conversations.maintenance:forget_drafts": f"{_JOB}, by the partial index of what was discarded",
    "conversations.maintenance:forget_replies": f"{_JOB}, by the partial index of what was taken back",
    "conversations.maintenance:empty_trash": f"{_JOB}, by the partial index of the Trash",
    "conversations.maintenance:unsnooze_due": f"{_JOB}, by the partial index of what is snoozed",
    "conversations.privacy.tasks:resume_erasures": f"{_JOB}, by the partial index of what is not finished",
    "conversations.models.searched:index_missing": f"{_JOB}, by the partial indexes of what has no tokens",
    "tickets.tasks:unsnooze_due_tickets": f"{_JOB}, by the partial index of what is snoozed",
}
"""Functions whose statements are of several workspaces, or of one that nobody knows yet, each with the reason."""
FEW = frozenset(
    {
        "accounts_apikey",
        "accounts_invitation",
        "accounts_membership",
        "accounts_queuedmail",
        "accounts_queuedpush",
        "accounts_team",
        "conversations_article",
        "conversations_blockedsender",
        "conversations_bulkjob",
        "conversations_form",
        "conversations_formcount",
        "conversations_macro",
        "conversations_mailbox",
        "conversations_mailboxaddress",
        "conversations_savedview",
        "conversations_savedviewfavorite",
        "conversations_tally",
        "conversations_widget",
        "tickets_attribute",
        "tickets_businesshours",
        "tickets_tag",
        "tickets_ticketnumbers",
    }
)
"""Tables that customers do not let grow: superusers see the rows of all workspaces in one list."""


@dataclass(frozen=True)
class Found:
    """A statement that does not name the workspace, and the function of the product that sent it."""

    tables: tuple[str, ...]
    sender: str
    statement: str

    @property
    def explained(self) -> str:
        return (
            f"{self.sender} reaches rows of {', '.join(self.tables)} without naming the workspace, by which their indexes begin; "
            f"if it means those of all workspaces, tests/named_workspace.py says why:\n{self.statement}"
        )


found: list[Found] = []
"""What was found since `watch` was called."""


def watch() -> None:
    """Look at every statement of every connection of this process from now on."""
    for connection in connections.all(initialized_only=True):
        _look(connection=connection)
    connection_created.connect(_look, dispatch_uid="named_workspace")


def _look(connection: Any, **values: Any) -> None:
    if _judge not in connection.execute_wrappers:
        connection.execute_wrappers.append(_judge)


def _judge(execute: Callable[..., Any], statement: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """An execute wrapper."""
    tables = without_workspace(_LISTS.sub("(%s)", str(statement)))
    if tables and (sender := _sender(sys._getframe(1))) is not None and not _is_meant(sender, tables):
        found.append(Found(tables, sender, str(statement)))
    return execute(statement, params, many, context)


def _is_meant(sender: str, tables: tuple[str, ...]) -> bool:
    if sender in SPANS or ".migrations." in sender:
        return True
    names = {table.split()[0] for table in tables}
    # A person's places are looked up by the person, before a workspace is known.
    return names <= {"accounts_membership"} or (sender.startswith("accounts.") and names <= FEW)


def _sender(frame: FrameType | None) -> str | None:
    """The innermost function of the product; None for a statement of a test."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] == "tests" and module != __name__:
            return None
        if module.partition(".")[0] in APPS:
            return f"{module}:{frame.f_code.co_qualname}"
        frame = frame.f_back
    return None
