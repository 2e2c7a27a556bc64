"""The knowledge base: articles, and macros, which are saved replies."""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import User
from accounts.moments import Moment
from accounts.tenancy import TenantManager, TenantModel, TenantQuerySet
from conversations.models.searched import Searched, TokensField

TITLE_LIMIT = 200
NAME_LIMIT = 100
ARTICLE_LIMIT = 100_000
MACRO_LIMIT = 10_000


class ArticleVisibility(models.TextChoices):
    """Who may read an article."""

    PUBLIC = "public", "Everyone"
    INTERNAL = "internal", "Team only"


class ArticleQuerySet(TenantQuerySet["Article"]):
    """The questions that are asked of the knowledge base."""

    def published(self) -> Self:
        """Without drafts: what answers may use."""
        return self.filter(published_at__isnull=False)

    def public(self) -> Self:
        """What a customer may read."""
        return self.published().filter(visibility=ArticleVisibility.PUBLIC)

    def newest_first(self) -> Self:
        return self.order_by("-updated_at", "-pk")


class Article(Searched, TenantModel):
    """An article, in Markdown. Until it is published, only its editors see it."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=TITLE_LIMIT)
    body = models.TextField()
    visibility = models.CharField(max_length=8, choices=ArticleVisibility.choices, default=ArticleVisibility.PUBLIC)
    author = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False, editable=False
    )
    published_at = Moment(null=True, blank=True, editable=False)
    created_at = Moment(default=timezone.now, editable=False)
    updated_at = Moment(default=timezone.now, editable=False)
    tokens = TokensField(of=("title", "body"))

    objects: ClassVar[TenantManager[Self]] = TenantManager.from_queryset(ArticleQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "public_id"], name="article_public_id_unique_per_workspace"),
            models.CheckConstraint(
                name="article_visibility_is_known", condition=Q(visibility__in=ArticleVisibility.values)
            ),
        ]
        indexes = [
            # The list of articles, latest change first.
            models.Index(fields=["workspace", "-updated_at", "-id"], name="article_newest"),
            GinIndex(fields=["tokens"], name="article_tokens"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_published(self) -> bool:
        """Whether answers may use it."""
        return self.published_at is not None


class Macro(Searched, TenantModel):
    """A saved reply under a name that is unique in the workspace, whatever its case, and what is done to the conversation with it.

    `effects` is a list as `conversations.effects` reads it; one of `condition`'s vocabulary says where it is offered.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=NAME_LIMIT)
    body = models.TextField(blank=True)
    effects = models.JSONField(default=list, db_default=models.Value([], models.JSONField()), blank=True)
    condition = models.JSONField(null=True, blank=True)
    author = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False, editable=False
    )
    created_at = Moment(default=timezone.now, editable=False)
    updated_at = Moment(default=timezone.now, editable=False)
    last_used_at = Moment(null=True, blank=True, editable=False)
    tokens = TokensField(of=("name", "body"))

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "public_id"], name="macro_public_id_unique_per_workspace"),
            # The list of macros has this order too.
            models.UniqueConstraint("workspace", Lower("name"), name="macro_name_unique_per_workspace"),
        ]
        indexes = [GinIndex(fields=["tokens"], name="macro_tokens")]

    def __str__(self) -> str:
        return self.name


class MacroUse(TenantModel):
    """How often a macro was used on one day, in UTC."""

    macro = models.ForeignKey(Macro, on_delete=models.CASCADE, related_name="uses", db_index=False)
    day = Moment(help_text="Its beginning, in UTC.")
    count = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        # Also for the uses of a macro since a day.
        constraints = [
            models.UniqueConstraint(fields=["workspace", "macro", "day"], name="one_count_per_macro_and_day")
        ]

    def __str__(self) -> str:
        return f"macro {self.macro_id} on {self.day:%Y-%m-%d}: {self.count}"
