"""How the desk speaks to mail servers: fetching by IMAP, sending by SMTP, signing in by OAuth, and saying what is wrong.

For: the email channel, its settings screen and its commands.
In: servers and credentials (`endpoints`), UIDs, finished mails as bytes.
Out: raw mails (`imap`), what became of a mail that was sent (`smtp`), tokens (`oauth`), findings (`checking`).
Who may import it: this channel alone. It knows no database and no Django models.
"""
