"""Tickets: their list, their board, and the page of each."""
