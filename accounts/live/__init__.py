"""Live answers: responses that stay open after Django has let go of the request.

In come the journal's events and PostgreSQL's notifications; out go server-sent events and held answers. `responses` is what a view
returns, `hub` the one listener of a process, `watching` follows a row through its changes, `access` says whether a stream would
still be let in. Every app may import it; it imports rows and credentials, and no HTTP framework above Django.
"""
