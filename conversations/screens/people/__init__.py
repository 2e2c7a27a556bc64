"""The workspace's people: who is invited, who works here and as what."""
