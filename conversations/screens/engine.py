"""The engine of the screens' templates: Jinja2, which compiles them to Python (docs/adr/0022-screens-in-jinja2.md).

`templates/screens` holds them. The administration, signing in and the error pages stay with Django's own engine.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.template import defaultfilters
from django.template.backends.utils import csrf_input
from django.templatetags import static as storage
from django.urls import get_script_prefix
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, get_language_bidi, gettext, ngettext, npgettext, pgettext
from django_htmx.jinja import htmx_script
from jinja2 import ChainableUndefined, Environment, pass_environment
from markupsafe import Markup

from conversations.screens import dates, filetypes, formatting, keymap, sentences, toasts
from conversations.screens.knowledge import formatting as knowledge
from conversations.texts import names


@pass_environment
def once(environment: Environment, name: str, **facts: Hashable) -> Markup:
    """A part that shows nothing but these facts: rendered once for each of their values, language and chosen keys, and kept in the process."""
    if environment.auto_reload:
        return Markup(environment.get_template(name).render(facts))  # noqa: S704 - a template escapes what it prints
    return _kept(environment, get_script_prefix(), (get_language(), keymap.current()), name, tuple(facts.items()))


@lru_cache(maxsize=256)
def _kept(
    environment: Environment, prefix: str, reader: Hashable, name: str, facts: tuple[tuple[str, Hashable], ...]
) -> Markup:
    return Markup(environment.get_template(name).render(dict(facts)))  # noqa: S704 - as above


@pass_environment
def static(environment: Environment, name: str) -> str:
    """The URL of a static file, which is the same as long as the process lives."""
    return storage.static(name) if environment.auto_reload else _static(get_script_prefix(), name)


@lru_cache(maxsize=256)
def _static(prefix: str, name: str) -> str:
    return storage.static(name)


def direction() -> str:
    """Where lines begin in the language of the page."""
    return "rtl" if get_language_bidi() else "ltr"


FUNCTIONS = {
    "once": once,
    "pictures": filetypes.PICTURES,
    "static": static,
    "language": get_language,
    "direction": direction,
    "shortcut_groups": keymap.groups,
    "htmx_script": htmx_script,
    **{
        function.__name__: function
        for function in (
            formatting.icon,
            formatting.shortcut,
            formatting.key,
            formatting.new_id,
            formatting.url,
            formatting.place_url,
            formatting.ago,
        )
    },
}
"""What templates call: `{{ icon("x") }}`."""

FILTERS = {
    function.__name__: function
    for function in (
        defaultfilters.capfirst,
        defaultfilters.default_if_none,
        defaultfilters.filesizeformat,
        defaultfilters.floatformat,
        defaultfilters.pluralize,
        defaultfilters.urlencode,
        defaultfilters.yesno,
        formatting.truncatechars,
        formatting.face,
        formatting.first_word,
        formatting.hue,
        formatting.each_once,
        formatting.tag_line,
        formatting.handed_over,
        formatting.money,
        formatting.clock,
        formatting.date,
        dates.moment,
        formatting.priority_name,
        formatting.status_name,
        formatting.prose,
        formatting.rich,
        formatting.is_long,
        filetypes.icon_of,
        filetypes.word_for,
        sentences.translated,
        toasts.undo_form,
        names.of_file,
        knowledge.document,
        knowledge.gist,
        knowledge.with_places,
    )
}
"""What is put behind a value: `{{ name|face }}`."""


def environment(**options: Any) -> Environment:
    """For settings.TEMPLATES. What a page does not have prints as nothing, and is false."""
    made = Environment(  # noqa: S701 - Django turns escaping on
        **options | {"undefined": ChainableUndefined, "extensions": ["jinja2.ext.i18n"]}
    )
    # `{{ _("Assigned to %(name)s", name=name) }}`: what is put in is escaped, the text itself is markup.
    made.install_gettext_callables(gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext)  # type: ignore[attr-defined]
    made.globals.update(FUNCTIONS)
    made.filters.update(FILTERS)
    return made


def every_page(request: HttpRequest) -> dict[str, object]:
    """What every template has: the messages, and the field of the token, made once for all forms of a page."""
    return {"messages": get_messages(request), "csrf_input": SimpleLazyObject(lambda: csrf_input(request))}
