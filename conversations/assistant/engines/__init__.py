"""Engines: what drafts answers. `protocol` says what one is; each engine is a module or package beside it."""
