"""Texts of the knowledge base's empty lists."""

from __future__ import annotations

from conversations.screens.empty import Empty

EMPTY: dict[str, Empty] = {
    "all": Empty(
        "book-open", "No articles yet",
        "Your team and the assistant answer from articles. Start with the questions you get most often.",
    ),
    "published": Empty("book-open", "No published articles", "Publish a draft to use it in answers."),
    "drafts": Empty("file-pen", "No drafts", "Articles that are not published yet appear here."),
    "internal": Empty("lock", "No internal articles", "Articles for your team only appear here. Customers never see them."),
    "macros": Empty("zap", "No macros yet", "A macro is a saved reply. Press m in a conversation to insert one."),
}  # fmt: skip


NOT_FOUND = Empty("search-x", "No results for", "Try fewer or shorter words.")
