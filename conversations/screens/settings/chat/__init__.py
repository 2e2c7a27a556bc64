"""The widgets of live chat: their list with their health, and what each of them says and asks, with a preview."""
