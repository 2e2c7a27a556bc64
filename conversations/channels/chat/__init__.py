"""Live chat on websites: the widget's script, its frame, and the API that the frame calls.

For: visitors of websites, who write without an account. In: what their browsers send, with the key of a widget and the token of a
session. Out: JSON, server-sent events and files for the frame alone. The rules and rows are those of `conversations.chat`; replies need
no delivery, for the frame fetches them.
The protocol is the frame's own and may change with it (docs/channels/chat.md). It may import the API's rooms and below; nothing
but `config/urls.py` and the settings screens import it.
"""

ICON = "message-square"
