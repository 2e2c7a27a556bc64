"""Signing in, invitations, second factors, and a person's own account: django-allauth's pages as far as they suit, and our own.

For: everyone who has an account, or is invited to have one; nobody else may do more than sign in.
In: requests under `/accounts/` and `/setup`. Out: pages in Django's own templates, sessions, and people's pictures.
The tables of URLs and settings name it, and no other code may import it; it imports the verbs of accounts.
"""
