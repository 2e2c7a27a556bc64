"""The workspace's settings: what its channels need. Each channel that can be set up is in the list by its `settings` module.

For: owners and admins; agents read the health of mailboxes. `frame` has what all of these pages share; the screens of each
channel are in a package of its name.
In: requests of members. Out: pages under `/w/<workspace>/settings/`, and fragments of them.
Other sections do not import it.
"""
