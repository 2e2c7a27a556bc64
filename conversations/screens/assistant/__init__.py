"""The assistant's page: how it does, and what it may do."""
