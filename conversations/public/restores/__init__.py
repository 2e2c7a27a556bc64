"""Finding the conversations of a chat again on another browser: the mail with the link."""
