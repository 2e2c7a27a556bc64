"""Commands for the operator of the installation: workspaces, people, invitations, keys, identity secrets.

For: the shell beside a running desk, or without one. Each command is one verb.
In: arguments as `manage.py help <command>` lists them. Out: lines to read or to copy; errors on stderr and exit code 1.

They derive from `accounts.management.base`, which finds workspaces and people by name and words errors.
Nothing imports them.
"""
