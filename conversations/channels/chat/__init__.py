"""Chat on a website: its page fetches replies by the API."""

ICON = "message-square"
