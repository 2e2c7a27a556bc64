"""The workspace's members with their roles, teams and visibility, and invitations. Owners and admins change them."""
