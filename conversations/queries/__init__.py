"""Questions that several doors ask: rows fully loaded, in the open workspace scope."""
