"""The workspace itself: name, time zone, assignment and security."""
