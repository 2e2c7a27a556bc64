"""What each person sets for themselves: their profile, how they sign in, and what they are notified of."""
