"""Forms that customers fill in: what they ask, in which language, what was answered, and how customers follow up.

For: the pages of `public`, the channels `form` and `callback`, and the settings. In: rows, and what a browser sent, which may
be anything. Out: fields, answers with errors for each field, signed tokens, words of a language, mails of acknowledgement.

`actions` are the verbs of the forms themselves. The channels and all that is above them import it; it imports the core verbs.
"""
