"""Mail that a provider posts to a webhook: Postmark, Mailgun, SendGrid, Amazon SES, Resend, or any program that has a mail's bytes.

For: one address per mailbox, whose secret finds it. `providers` has a module for each provider: what its calls look like, how they
are signed, and what they bring.
In: the request as a `Call`. Out: mails for `receiving`, what became of sent mails for `tracking`, jobs for what has to be fetched.
The raw mail is preferred wherever a provider sends it; of parsed parts a mail is built again, which never fails.
The addresses of the channel import its view, and jobs are found by their names; nothing else does.
"""
