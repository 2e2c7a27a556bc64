"""Operator commands: mailboxes and mail, hosted forms, the assistant, and the demo.

For: the operator of the installation, and scripts.
In: arguments, stdin. Out: one value, on the last line of stdout; messages on stderr; an exit code.
Each translates its arguments into verbs. Nothing imports them.
"""
