"""Texts, by pure functions: what may be kept, words as search compares them, names of people, addresses in a text."""
