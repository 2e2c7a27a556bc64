"""A call that a customer asked for: agents call back, and write a note of the call."""

ICON = "phone"
