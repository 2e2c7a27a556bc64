"""What is around every request: middleware, the content security policy, and asking for bodies.

For: `config.settings`, which names the middleware, the web front, and views that count or admit their callers.
In: requests of Django, before or after their bodies have come. Out: the open scope of a workspace, sessions, grants, the address
that a request comes from, and headers. Doors import it; it imports the rows and credentials of accounts.
"""
