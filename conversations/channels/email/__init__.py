"""Email: a reply leaves as a mail in the customer's own thread."""

ICON = "mail"
