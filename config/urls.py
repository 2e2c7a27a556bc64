"""The table of contents: every door of the desk, grouped and labelled by prefix."""

from django.contrib import admin
from django.urls import include, path

from accounts.signin import views as signin
from config.favicon import favicon
from config.health import healthz, readyz
from config.metrics import metrics
from config.openapi import SchemaView, SwaggerView, reference_page
from conversations.api import discovery
from conversations.demo import shop
from conversations.screens.home import views as home
from conversations.screens.inbox import inline
from conversations.screens.notifications import browsers, stopping
from conversations.screens.settings.mailboxes import sign_in

urlpatterns = [
    # People: sign-in and invitations, and the members' inbox under the workspace it belongs to.
    path("", home.home, name="home"),
    path("setup", signin.setup, name="setup"),
    path("accounts/", include("accounts.signin.urls")),
    path("w/<slug:workspace_slug>/", include("conversations.screens.urls")),
    # Web Push, and stopping mails about notifications from a link in one of them.
    path("push-worker.js", browsers.worker, name="push-worker"),
    path("notifications/mail/<str:token>", stopping.stop, name="stop-mails"),
    # Channels: what customers and providers reach without an account.
    path("", include("conversations.channels.email.urls")),
    path("", include("conversations.channels.chat.urls")),
    path("inline/<str:token>", inline.picture, name="inline-picture"),
    # Customers without an account: hosted forms, and the pages on which they follow up.
    path("", include("conversations.public.urls")),
    # The shop of the demo, with its chat; there is none without the demo.
    path("demo/", shop.page, name="demo-shop"),
    # Where Google and Microsoft send people back to who sign in for a mailbox.
    path("mail/signed-in", sign_in.returned, name="mailbox-sign-in-returned"),
    # Administration.
    path("admin/", admin.site.urls),
    # Wire formats: the documented paths of each product, found under conversations/dialects.
    *discovery.urlpatterns(),
    # OpenAPI: the whole document, each product's own, and pages to read them.
    path("api/schema", SchemaView.as_view(), name="schema"),
    *(
        path(
            f"api/schema/{dialect.name}",
            SchemaView.as_view(dialect=dialect.name),
            name=f"schema-{dialect.name}",
        )
        for dialect in discovery.all_dialects()
    ),
    path("api/docs", SwaggerView.as_view(url_name="schema"), name="api-docs"),
    path("api/redoc", reference_page, name="api-reference"),
    # Health and metrics, for load balancers, container runtimes and Prometheus.
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("favicon.ico", favicon),
]

handler400 = "conversations.api.fallbacks.bad_request"
handler403 = "conversations.api.fallbacks.permission_denied"
handler429 = "conversations.api.fallbacks.too_many"  # allauth asks for it
handler404 = "conversations.api.fallbacks.page_not_found"
handler500 = "conversations.api.fallbacks.server_error"
