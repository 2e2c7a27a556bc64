"""The page answers a member with the workspace's tags and a link in the rail, and a stranger as if nothing were there."""

import re

import scene
from django.test import Client

from accounts.models import User
from conversations import actions


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


with scene.workspace() as workspace:
    member, stranger = scene.member(workspace, "ben").user, User.objects.create_user("cleo@elsewhere.example")
    actions.set_tags(conversation=scene.conversation(workspace, "api"), names=["Refund"], **scene.act(workspace))
    page = signed_in(member).get("/w/copied/tags")
    html = page.content.decode()
    assert page.status_code == 200
    assert "Refund" in html
    assert re.search(r'aria-current="page"\s+aria-label="Tags"', html), html
    assert 'data-key-name="tags" data-keys="g t"' in html
    assert signed_in(stranger).get("/w/copied/tags").status_code == 404
