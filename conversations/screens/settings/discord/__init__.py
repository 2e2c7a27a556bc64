"""The Discord bot of a workspace: connected, looked at, changed and removed."""
