"""What is around every request: middleware, the content security policy, and asking for bodies.

For: all doors. In: requests. Out: requests that know their workspace and member, and answers with their policies.
Doors import it; it imports the verbs and rows of accounts.
"""
