"""The start page after signing in, and a person's preferences."""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import queries as people
from conversations.screens import preferences as kept
from conversations.screens.home import forms
from conversations.screens.shell import LAST, DeskRequest, screen


@require_GET
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """The inbox of the workspace where the person was last, else of their first; `?choose` asks for a page to choose one,
    `?security` for the member's own security there."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("home")) if people.is_set_up() else redirect("setup")
    memberships = people.workspaces_of(request.user)
    if memberships and "choose" not in request.GET:
        first = min(memberships, key=lambda membership: (membership.created_at, membership.pk)).workspace.slug
        last = request.session.get(LAST)
        is_theirs = any(membership.workspace.slug == last for membership in memberships)
        return redirect("security" if "security" in request.GET else "inbox", last if is_theirs else first)
    context = {
        "memberships": memberships,
        "me": request.user,
        "theme": request.user.preferences.get("theme", "system"),
    }
    template = "inbox/workspaces.html" if request.headers.get("HX-Request") else "inbox/home.html"
    with translation.override(request.user.language_or_default):
        return render(request, template, context)


@require_POST
@screen
def preferences(request: DeskRequest) -> HttpResponse:
    """Save theme, shortcuts, panel and density; unknown values change nothing."""
    form = forms.PreferencesForm(request.POST)
    if form.is_valid():
        kept.save(request.user, {name: value for name, value in form.cleaned_data.items() if value})
    if request.htmx:
        return HttpResponse(status=204)
    back = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return redirect(back if is_ours else reverse("inbox", args=[request.workspace.slug]))
