"""Texts of the knowledge base's empty lists."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from conversations.screens.empty import Empty

EMPTY: dict[str, Empty] = {
    "all": Empty(
        "book-open", _("No articles yet"),
        _("Your team and the assistant answer from articles. Start with the questions you get most often."),
    ),
    "published": Empty("book-open", _("No published articles"), _("Publish a draft to use it in answers.")),
    "drafts": Empty("file-pen", _("No drafts"), _("Articles that are not published yet appear here.")),
    "internal": Empty("lock", _("No internal articles"), _("Articles for your team only appear here. Customers never see them.")),
    "macros": Empty("zap", _("No macros yet"), _("A macro is a saved reply. Press m in a conversation to insert one.")),
}  # fmt: skip


NOT_FOUND = Empty("search-x", _("No results"), _("Try fewer or shorter words."))
