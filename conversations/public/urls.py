"""The paths of the customers' pages, which begin with `/f/`."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from conversations.public import discord, embedding, following, hosted

# No cookie says who somebody is, so that there is nothing to forge: a page's token is in the page.
urlpatterns = [
    path("f/c/<str:token>", csrf_exempt(following.FollowUpPage.as_view()), name="follow-up"),
    path("f/c/<str:token>/files/<uuid:public_id>", following.file, name="follow-up-file"),
    path("f/d/<str:token>", csrf_exempt(discord.LinkPage.as_view()), name="discord-link"),
    path("f/<str:key>", csrf_exempt(hosted.FormPage.as_view()), name="form"),
    path("f/<str:key>/embed.js", embedding.loader, name="form-embed"),
    path("f/<str:key>/sent/<str:token>", hosted.sent, name="form-sent"),
]
