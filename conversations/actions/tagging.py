"""The catalogue of tags: recoloured, renamed, merged and deleted. A job takes it to every conversation and ticket."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from accounts import journal, outbox, transaction
from accounts.errors import Conflict, Invalid
from accounts.permissions import Actor, permit
from accounts.text import is_blank
from conversations.actions import locking, tag_mentions, triage
from conversations.models import Conversation
from tickets import events, tags
from tickets.models import Tag


@transaction.atomic
def replace_tag(*, conversation: Conversation, name: str, by_name: str | None, by: Actor, at: datetime) -> Conversation:
    """Put another tag into the place of one, whatever its case, or take it away."""
    permit(by, "conversation.update", conversation)
    conversation = locking.locked(conversation)
    wanted = tags.replaced(conversation.tags, name, by_name)
    return triage.set_tags(conversation=conversation, names=wanted, by=by, at=at)


@transaction.atomic
def recolour_tag(*, tag: Tag, hue: int, by: Actor, at: datetime) -> Tag:
    """Give a tag another colour, in degrees. Raises Invalid."""
    permit(by, "tag.write", tag)
    if not 0 <= hue < 360:
        raise Invalid("a colour is an angle from 0 to 359", field="hue")
    tag = transaction.held(tag)
    if tag.hue != hue:
        tag.hue = hue
        tag.save(update_fields=["hue"])
        journal.record(events.TAG_UPDATED, tag, by=by, at=at, fields=["hue"])
    return tag


@transaction.atomic
def rename_tag(*, tag: Tag, name: str, by: Actor, at: datetime) -> Tag:
    """Give a tag another name in the catalogue; saved views and macros follow at once, rows by `replace_tag`. Raises Invalid, or Conflict for one that exists."""
    permit(by, "tag.write", tag)
    wanted = name.strip()
    if not wanted or is_blank(wanted) or "\x00" in wanted:
        raise Invalid("a tag has at least one visible character", field="name")
    tags.check([wanted])
    tag, mentions = _held(tag)
    if tag.name == wanted:
        return tag
    before, tag.name = tag.name, wanted
    taken = Conflict("there is a tag of this name already; merge the two", field="name", code="tag_exists")
    transaction.unless_taken("tag_unique_per_workspace_in_any_case", taken, partial(tag.save, update_fields=["name"]))
    journal.record(events.TAG_UPDATED, tag, by=by, at=at, fields=["name"])
    tag_mentions.replace(mentions, before, wanted, by=by, at=at)
    _replace_everywhere(tag.workspace_id, before, wanted)
    return tag


@transaction.atomic
def delete_tag(*, tag: Tag, into: Tag | None = None, by: Actor, at: datetime) -> None:
    """Take a tag out of the catalogue, for another one or for none; saved views and macros follow at once, rows by `replace_tag`. Raises Invalid."""
    permit(by, "tag.write", tag)
    if into is not None:
        permit(by, "tag.write", into)
        if into.pk == tag.pk:
            raise Invalid("choose another tag", field="into")
    tag, mentions = _held(tag)
    by_name = into.name if into is not None else None
    journal.record(events.TAG_DELETED, tag, by=by, at=at, into_id=into.pk if into is not None else None)
    tag.delete()
    tag_mentions.replace(mentions, tag.name, by_name, by=by, at=at)
    _replace_everywhere(tag.workspace_id, tag.name, by_name)


def _held(tag: Tag) -> tuple[Tag, tag_mentions.Mentions]:
    """The tag as it is now, and what names it, locked in their order. Raises Conflict where it is being renamed."""
    name = Tag.objects.filter(pk=tag.pk).order_by("pk").values_list("name", flat=True).first() or tag.name
    mentions = tag_mentions.hold(name)
    tag = transaction.held(tag)
    if tag.name != name:
        raise Conflict("the tag was renamed meanwhile", field="name", code="changed_since")
    return tag, mentions


def _replace_everywhere(workspace_id: int, name: str, by_name: str | None) -> None:
    """Queue the job that goes through all rows, in small steps: it calls `replace_tag` for each."""
    outbox.queue("replace_tag", workspace_id=workspace_id, name=name, by_name=by_name)
