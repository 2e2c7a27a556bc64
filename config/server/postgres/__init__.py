"""The embedded PostgreSQL of one data folder (DESK_HOME), shared by every process that needs it.

For: an installation without a database of its own. In: a data folder. Out: a running server, and how to connect to it.

binaries.py  which PostgreSQL programs to run, and as which user
cluster.py   the data folder: made once, then started; where its socket is
locks.py     who is using it: plain file locks, so that a killed process leaves nothing behind
keeper.py    the small process that runs the server for as long as anybody uses it
usage.py     `use(home)`: what everybody else calls
base.py      the Django database backend: opening a connection is what starts the server

`config.server.database` and the supervisor import it; it imports `config.secrets` and nothing of the desk.
"""
