"""Telling members by mail what has come to them while they were elsewhere."""
