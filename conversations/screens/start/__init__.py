"""Get started: from an empty workspace to the first reply."""
