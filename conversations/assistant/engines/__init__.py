"""Engines write the assistant's drafts. `protocol` defines one; each is a module or package beside it, and `chosen` finds a workspace's."""
