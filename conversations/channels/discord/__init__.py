"""Discord: the server's own bot fetches replies by the API."""

ICON = "gamepad-2"
