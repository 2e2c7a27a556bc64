"""The workspace's tags: how often each is used, its colour and name, and merging or deleting it."""
