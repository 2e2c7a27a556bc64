"""Knowledge: articles and macros, and finding the passages that answer a question.

For: agents, who write articles and macros, and the assistant, which answers from them and from earlier conversations.
In: what agents write (`actions`), and what is asked (`search`).
Out: passages with their sources; pages of articles and macros (`queries`); articles as HTML (`markup`).

`stems` and `courtesies` prepare texts for comparing, `redaction` removes personal details from earlier answers, `placeholders`
fill in macros. The assistant, the screens, the API and admin may import it; it imports the core verbs, queries and rows.
"""
