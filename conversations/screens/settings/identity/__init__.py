"""The secret with which the websites of a workspace prove who their customers are."""
