"""The script that puts a form into a page of another site: a frame, whose height follows the form's."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from conversations.api.problems import RateLimited
from conversations.forms.embedding import title
from conversations.public import limits, pages
from conversations.public.hosted import find

# The page's own policy has to allow the desk in script-src and frame-src, and nothing else: styles are set by the script.
_LOADER = """(function () {
  'use strict';
  var script = document.currentScript || document.querySelector('script[src^="' + %(source)s + '"]');
  var origin = new URL(script.src).origin;
  var frame = document.createElement('iframe');
  frame.src = origin + %(path)s + '?embed=1&origin=' + encodeURIComponent(location.origin) +
    '&page=' + encodeURIComponent(location.origin + location.pathname);
  frame.title = %(title)s;
  frame.loading = 'lazy';
  frame.referrerPolicy = 'no-referrer';
  frame.style.border = '0';
  frame.style.width = '100%%';
  frame.style.height = '640px';
  frame.style.colorScheme = 'normal';
  window.addEventListener('message', function (event) {
    if (event.origin !== origin || event.source !== frame.contentWindow) return;
    var height = event.data && event.data.parleyFormHeight;
    if (event.data && event.data.parleyFormTop === true) {
      setTimeout(function () { if (frame.getBoundingClientRect().top < 0) frame.scrollIntoView(); }, 50);
    }
    if (typeof height === 'number' && height > 0 && height < 20000) frame.style.height = Math.ceil(height) + 'px';
  });
  script.parentNode.insertBefore(frame, script.nextSibling);
})();
"""


@require_safe
def loader(request: HttpRequest, key: str) -> HttpResponseBase:
    """The script of a form."""
    try:
        limits.look(request)
    except RateLimited as refused:
        return pages.busy(refused)
    form = find(key)
    source = reverse("form-embed", args=[form.key])
    facts = {"path": form.path, "title": title(form), "source": request.build_absolute_uri(source)}
    response = HttpResponse(
        _LOADER % {name: _quoted(value) for name, value in facts.items()}, content_type="text/javascript; charset=utf-8"
    )
    response["Cache-Control"] = "public, max-age=300"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _quoted(value: str) -> str:
    return json.dumps(value).replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
