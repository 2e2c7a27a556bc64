"""Mail: a reply in a conversation that came by mail leaves as mail."""
