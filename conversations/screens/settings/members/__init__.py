"""The workspace's members with their roles, teams and visibility, and invitations. For owners and admins."""
