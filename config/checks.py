"""System checks: mistakes of configuration, reported at start rather than found in an incident."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from accounts.tenancy import TenantManager, TenantModel
from conversations.api import discovery

START = "start"  # the tag of what every process looks at before it starts (config/server/start.py)


@register(Tags.models)
def tenant_models_are_closed_by_default(**options: Any) -> list[CheckMessage]:
    """`objects` of every tenant model must be the scoped manager."""
    return [
        Error(
            f"{model.__name__}.objects reaches every workspace.",
            hint="Build it with TenantManager.from_queryset(…) and inherit TenantModel.Meta.",
            obj=model,
            id="parley.E001",
        )
        for model in apps.get_models()
        if issubclass(model, TenantModel)
        and not (isinstance(model.objects, TenantManager) and model._meta.default_manager_name == "all_workspaces")
    ]


@register(Tags.urls)
def wire_formats_are_whole(**options: Any) -> list[CheckMessage]:
    """Every format answers for the paths it serves."""
    return [
        Error(f"The wire format {dialect.name} serves no path.", id="parley.E002")
        for dialect in discovery.all_dialects()
        if not dialect.urlpatterns
    ]


@register(START)
def assistant_endpoint_is_an_http_address(**options: Any) -> list[CheckMessage]:
    """The endpoint of the engine `openai`, where one is set, can be asked at all."""
    try:
        where = urlsplit(settings.ASSISTANT_BASE_URL)
        is_usable = not settings.ASSISTANT_BASE_URL or (where.scheme in ("http", "https") and bool(where.hostname))
    except ValueError:
        is_usable = False
    if is_usable:
        return []
    return [
        Error(
            "ASSISTANT_BASE_URL is neither an http:// nor an https:// address.",
            hint="Set it to the address before /chat/completions, such as http://127.0.0.1:11434/v1.",
            id="parley.E003",
        )
    ]


@register(Tags.caches, START)
def redis_has_its_package(**options: Any) -> list[CheckMessage]:
    """The client of the cache that REDIS_URL names is installed."""
    if not settings.REDIS_URL or find_spec("redis"):
        return []
    return [
        Error(
            "REDIS_URL is set, and the Python package redis is not installed.",
            hint="Install it (config/server/venv.sh hosts, or pip install redis), or remove REDIS_URL: the cache is then a table of the database.",
            id="parley.E004",
        )
    ]


@register(Tags.files, START)
def s3_has_its_packages(**options: Any) -> list[CheckMessage]:
    """The client of the storage that S3_BUCKET names is installed."""
    if not settings.S3_BUCKET or (find_spec("boto3") and find_spec("storages")):
        return []
    return [
        Error(
            "S3_BUCKET is set, and the Python packages for it are not installed.",
            hint="Install them (config/server/venv.sh hosts, or the build argument LOCK=requirements-hosts.lock), or remove S3_BUCKET: "
            "files are then kept in DESK_HOME.",
            id="parley.E005",
        )
    ]


@register(Tags.security, deploy=True)
def public_address_is_https(**options: Any) -> list[CheckMessage]:
    """A desk on the internet is reached by HTTPS alone."""
    if settings.IS_HTTPS:
        return []
    return [
        Warning(
            "PUBLIC_URL is not an https:// address: cookies are not marked secure and HSTS is off.",
            hint="Set PUBLIC_URL=https://… and, behind a proxy, TRUSTED_PROXIES.",
            id="parley.W001",
        )
    ]
