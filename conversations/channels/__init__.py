"""Doors that customers use without an API: what comes in becomes `receive`, what goes out is delivered by a task."""
