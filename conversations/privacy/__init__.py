"""What the law asks of a desk about one person: erasing all that is theirs, and handing it out.

For: the screens of customers and the commands `erase_contact` and `export_contact`.
In: a contact. Out: an `Erasure`, which a worker carries out conversation by conversation; a JSON document, in parts.

`contents` is what is erased, table by table; `tasks` the job; `export` the document.
Conversations, tickets, their numbers and counts, and the journal stay. It imports the verbs and the models; doors import it.
"""
