"""The audit log: what happened in the workspace and who did it, searched and exported by owners and admins."""
