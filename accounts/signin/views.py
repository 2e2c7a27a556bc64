"""A person's own addresses, and the page that an invitation leads to."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import actions, clock
from accounts.credentials import links
from accounts.errors import Conflict, DomainError, NotFound
from accounts.models import Invitation, User
from accounts.permissions import Actor
from accounts.queries import has_proven, is_set_up, person_by_email, usable_invitation
from accounts.signin.forms import EmailForm, JoinForm, SetupForm
from accounts.signin.refusals import of_error

reads_or_writes = require_http_methods(["GET", "HEAD", "POST"])


@reads_or_writes
@never_cache
@sensitive_post_parameters("password")
@login_required
@rate_limit(action="manage_email")  # type: ignore[untyped-decorator]
def email(request: HttpRequest) -> HttpResponse:
    """The person's addresses: another one is asked for, made primary or removed with the current password."""
    user = _person(request)
    form, status = EmailForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (done := _change_addresses(request, user, form)):
            messages.success(request, done)
            return redirect("account_email")
    addresses = list(EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "email"))
    is_proven = any(address.email == user.email for address in addresses)
    facts = {
        "form": form,
        "blank": EmailForm(initial={"email": "" if is_proven else user.email}),
        "is_adding": "action_add" in request.POST,
        "addresses": addresses,
        "others": [address for address in addresses if address.email != user.email],
        "is_proven": is_proven,
        "theme": _theme(request),
    }
    return render(request, "account/email.html", facts, status=status)


def _change_addresses(request: HttpRequest, user: User, form: EmailForm) -> str:
    """Do what the button says; returns what was done, or nothing with the reason on the form."""
    act: dict[str, Any] = {**form.cleaned_data, "user": user, "by": Actor.person(user), "at": clock.now()}
    try:
        if "action_primary" in request.POST:
            actions.make_email_primary(**act)
            return _("%(email)s is now your primary address.") % {"email": act["email"]}
        if "action_remove" in request.POST:
            actions.remove_email(**act)
            return _("%(email)s was removed.") % {"email": act["email"]}
        if "action_add" in request.POST:
            address = actions.request_email(**act)
            return _("Check your email for a link to verify %(email)s.") % {"email": address}
    except DomainError as error:
        _refuse(form, error)
    return ""


@reads_or_writes
@never_cache
@login_required
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    """Where the link to verify an address leads: the account that asked for it confirms with a button."""
    user, problem = _person(request), ""
    if request.method == "POST":
        try:
            address = actions.confirm_email(user=user, token=token, by=Actor.person(user), at=clock.now())
            messages.success(request, _("%(email)s is verified.") % {"email": address})
            return redirect("account_email")
        except DomainError as error:
            problem = of_error(error)
    facts = {"problem": problem, "me": user, "theme": _theme(request)}
    return render(request, "account/email_confirm.html", facts, status=422 if problem else 200)


@reads_or_writes
@never_cache
@sensitive_post_parameters("password")
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Where an invitation leads: people who have an account join with it, others choose a name and a password."""
    at = clock.now()
    try:
        invitation = usable_invitation(token, at)
    except NotFound:
        return render(request, "account/invitation_gone.html", {"theme": _theme(request)}, status=404)
    user = _person(request) if request.user.is_authenticated else None
    state = _state(invitation, user)
    form, status = JoinForm(request.POST if request.method == "POST" and state == "new" else None), 200
    if request.method == "POST" and (state == "join" or (state == "new" and form.is_valid())):
        try:
            return _join(request, token, user, form)
        except Conflict:
            state = _state(invitation, user)  # the address got an account meanwhile
        except DomainError as error:
            _refuse(form, error)
    if form.errors:
        status = 422
    facts = {
        "invitation": invitation,
        "state": state,
        "form": form,
        "me": user,
        "login": f"{reverse('account_login')}?{urlencode({REDIRECT_FIELD_NAME: request.path})}",
        "theme": _theme(request),
    }
    return render(request, "account/invitation.html", facts, status=status)


@reads_or_writes
@never_cache
@sensitive_post_parameters("password")
def setup(request: HttpRequest) -> HttpResponse:
    """Where an empty desk gets its first workspace and owner. It asks for the code that was printed when it started."""
    if is_set_up():
        return redirect("home")
    code = request.GET.get("code", "")
    facts: dict[str, Any] = {
        "has_code": constant_time_compare(code.strip(), links.setup_code()),
        "is_wrong": bool(code),
    }
    form = SetupForm(request.POST or None, initial={"time_zone": "UTC"})
    if facts["has_code"] and request.method == "POST" and form.is_valid():
        try:
            membership = actions.set_up_desk(**form.cleaned_data, by=Actor.installation("Setup"), at=clock.now())
        except DomainError as error:
            _refuse(form, error)
        else:
            get_adapter(request).login(request, membership.user)
            return redirect("start", membership.workspace.slug)
    return render(request, "account/setup.html", {**facts, "form": form}, status=422 if form.errors else 200)


def _state(invitation: Invitation, user: User | None) -> str:
    """`join` as who is signed in, `other` person signed in, `known` address that must sign in, or `new` person."""
    if user is not None:
        is_theirs = user.email == invitation.email or has_proven(user, invitation.email)
        return "join" if is_theirs else "other"
    return "new" if person_by_email(invitation.email) is None else "known"


def _join(request: HttpRequest, token: str, user: User | None, form: Form) -> HttpResponse:
    by = Actor.person(user) if user is not None else Actor.installation("Invitation")
    given = form.cleaned_data if user is None else {}
    membership = actions.accept_invitation(token=token, user=user, **given, by=by, at=clock.now())
    if user is None:
        get_adapter(request).login(request, membership.user)
    messages.success(request, _("You joined %(workspace)s.") % {"workspace": membership.workspace.name})
    return redirect("inbox", membership.workspace.slug)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _theme(request: HttpRequest) -> str:
    """The person's theme; without a session, their system's."""
    preferences = request.user.preferences if isinstance(request.user, User) else {}
    return str(preferences.get("theme", "system"))


def _refuse(form: Form, error: DomainError) -> None:
    form.add_error(error.field if error.field in form.fields else None, of_error(error))
