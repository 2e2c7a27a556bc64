"""The hosted forms of a workspace: their list with their health, and what each of them asks."""
