"""A person's profile: name, picture, signature, time zone and language, and how the screens look for them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions, clock, pictures
from accounts.errors import DomainError
from accounts.permissions import Actor, permit
from accounts.web.bodies import takes_files
from conversations.screens.errors import refuse
from conversations.screens.sentences import sentence
from conversations.screens.settings import frame
from conversations.screens.settings.you.forms import ProfileForm
from conversations.screens.shell import DeskRequest, remember, screen


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def profile(request: DeskRequest) -> HttpResponse:
    """Show and change what the person has set."""
    permit(request.actor, "workspace.read")
    form = ProfileForm(request.user, request.workspace.time_zone, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                actions.update_profile(
                    user=request.user, **form.cleaned_data, by=Actor.person(request.user), at=clock.now()
                )
            except DomainError as error:
                refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("profile", request.workspace.slug)
        status = 422
    remember(request)
    facts = {
        **frame.facts(request, "profile"),
        "form": form,
        "formats": ",".join(f"image/{one.lower()}" for one in pictures.FORMATS),
        "preferences": request.user.preferences,
    }
    return render(request, "settings/you/profile.html", facts, status=status)


@takes_files
@require_POST
@screen
def picture(request: DeskRequest) -> HttpResponse:
    """Keep an uploaded picture, or take the picture away."""
    permit(request.actor, "workspace.read")
    upload = request.FILES.get("picture")
    is_removed = "remove" in request.POST
    if upload is None and not is_removed:
        messages.error(request, _("Choose a picture first."))
        return redirect("profile", request.workspace.slug)
    content = None if is_removed or upload is None else upload.read(pictures.MOST_BYTES + 1)
    try:
        actions.set_picture(user=request.user, content=content, by=Actor.person(request.user), at=clock.now())
    except DomainError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, _("Picture removed.") if is_removed else _("Picture saved."))
    return redirect("profile", request.workspace.slug)
