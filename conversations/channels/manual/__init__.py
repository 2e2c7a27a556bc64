"""A conversation that an agent began."""

ICON = "pencil"
