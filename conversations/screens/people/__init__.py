"""The workspace's people: its members with their roles, and invitations."""
