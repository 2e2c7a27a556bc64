"""Which conversations and tickets a member sees."""
