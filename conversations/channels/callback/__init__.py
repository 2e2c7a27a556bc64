"""A call that a customer asked for: people ring back, and write down what was said."""

ICON = "phone"
