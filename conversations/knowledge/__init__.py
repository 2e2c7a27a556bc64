"""Knowledge: articles and macros, and finding the passages that answer a question.

In come what agents write (`actions`) and what is asked (`search`); out go passages with their sources, for the assistant, and
pages of articles and macros (`queries`), for the screens. `markup` makes HTML of articles, and `earlier` says what of an earlier
conversation may be quoted. It stands on the core verbs' rows and models; the assistant, the screens and the API may import it, and it imports none of them.
"""
