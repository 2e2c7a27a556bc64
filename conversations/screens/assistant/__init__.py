"""The assistant's page: its report and its settings."""
