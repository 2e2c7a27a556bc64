"""Collect the words of the screens into the catalogues of translations, and compile them.

    python manage.py collect_words [--check]

For developers: it needs the packages of development (Babel). `--check` changes nothing, and fails where a
catalogue is not what this command would write.
"""

from __future__ import annotations

import io
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import template as django_templates

FOLDERS = ("accounts", "config", "conversations", "tickets")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "lazy": None,
    "define": (3,),  # what an event of the journal means
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
LOCALES = Path(settings.BASE_DIR) / "config" / "locale"


class Command(BaseCommand):
    help = "Collect the words of the screens into the catalogues of translations, and compile them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing, and fail where something would change"
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        from babel.messages import mofile, pofile

        changed = []
        for language, _name in settings.LANGUAGES:
            if language == settings.LANGUAGE_CODE:
                continue
            path = LOCALES / language / "LC_MESSAGES" / "django.po"
            kept = path.read_bytes() if path.exists() else b""
            written = updated(kept, language)
            with io.BytesIO(written) as text, io.BytesIO() as binary:
                catalog = pofile.read_po(text, locale=language)
                catalog.creation_date = catalog.revision_date = LONG_AGO  # the same words make the same file
                mofile.write_mo(binary, catalog)
                compiled = binary.getvalue()
            for target, content in ((path, written), (path.with_suffix(".mo"), compiled)):
                if not target.exists() or target.read_bytes() != content:
                    changed.append(str(target.relative_to(settings.BASE_DIR)))
                    if not check:
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_bytes(content)
        if check and changed:
            raise CommandError(f"run manage.py collect_words: {', '.join(changed)}")
        self.stdout.write("\n".join(changed) or "Nothing has changed.")


def updated(kept: bytes, language: str) -> bytes:
    """The catalogue of a language with exactly the words that the screens have; translations of words that stayed are kept."""
    from babel.messages import Catalog, pofile

    catalog = pofile.read_po(io.BytesIO(kept), locale=language) if kept else Catalog(locale=language)
    template = Catalog()
    for word, context in sorted(collected(), key=repr):
        template.add(word, context=context)
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    fresh = Catalog(locale=language, header_comment="# Words of the screens: see manage.py collect_words.", fuzzy=False)
    for message in sorted(catalog, key=lambda one: (repr(one.id), one.context or "")):
        if message.id:
            fresh.add(message.id, message.string, flags=message.flags, context=message.context)
    with io.BytesIO() as text:
        pofile.write_po(text, fresh, width=120, omit_header=True)
        return _header(language) + text.getvalue()


def _header(language: str) -> bytes:
    from babel.messages import Catalog

    plural = Catalog(locale=language).plural_forms
    return (
        "# Words of the screens: see manage.py collect_words.\n"
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: {plural}\\n"\n\n'
    ).encode()


def collected() -> set[tuple[str | tuple[str, ...], str | None]]:
    """Every word that the screens can print, with its context."""
    from babel.messages.extract import extract, extract_python
    from jinja2.ext import babel_extract

    methods: dict[str, Any] = {"python": extract_python, "jinja2": babel_extract}
    options = {"jinja2": {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true"}}
    return {
        (word, context)
        for method, text in _sources()
        for _line, word, _comments, context in extract(
            methods[method], io.BytesIO(text), keywords=KEYWORDS, options=options.get(method)
        )
        if word
    }


def _sources() -> Iterator[tuple[str, bytes]]:
    """Every file that may have words, and the way to read them."""
    base = Path(settings.BASE_DIR)
    for folder in FOLDERS:
        for path in sorted((base / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield "python", path.read_bytes()
    for path in sorted((base / "templates").rglob("*")):
        if path.suffix in (".html", ".txt"):
            if base / "templates" / "screens" in path.parents:
                yield "jinja2", path.read_bytes()
            else:
                yield "python", _calls(django_templates.templatize(path.read_text(), origin=str(path)))


def _calls(text: str) -> bytes:
    """The calls that Django makes of a template's tags, one a line, so that Python can read them."""
    found = re.findall(r"\b(?:n?p?gettext|_)\((?:[^()]|\([^()]*\))*\)", text)
    return "\n".join(found).encode()
