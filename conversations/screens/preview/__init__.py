"""Looking at the desk as a member sees it, for admins: read only, until they leave."""
