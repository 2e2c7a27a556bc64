"""Signing in, invitations, and a person's own account: django-allauth's pages as far as they suit, and our own."""
