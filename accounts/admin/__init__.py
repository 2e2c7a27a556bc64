"""Django admin of accounts: a package of one module per subject, on the base that keeps tenants apart."""

from accounts.admin import journal, keys, people, workspaces

__all__ = ["journal", "keys", "people", "workspaces"]
