"""The calls that customers asked for: when they are due, on the agent's clock and on the caller's."""
