"""The workspace's teams: read by everyone, made, renamed and deleted by owners and admins."""
