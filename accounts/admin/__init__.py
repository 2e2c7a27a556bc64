"""Django admin of accounts: a package of one module per subject, on the base that keeps tenants apart."""

from accounts.admin import invitations, journal, keys, people, workspaces

__all__ = ["invitations", "journal", "keys", "people", "workspaces"]
