"""Django admin with the desk's own site. Apart from `apps.py`, where Django would take it for the configuration of accounts."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class DeskAdminConfig(AdminConfig):
    """In INSTALLED_APPS in place of `django.contrib.admin`."""

    default_site = "accounts.adminsite.DeskAdminSite"
