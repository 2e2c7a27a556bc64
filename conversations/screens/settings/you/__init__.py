"""What each person sets for themselves: their profile, how they sign in, and what they are notified of.

For: every member, about their own account alone. In: requests of members. Out: pages under `/w/<workspace>/settings/`.
`browsers` names devices. Only the URLs of the settings import it; it imports the verbs of accounts.
"""
