"""Proofs of who calls: API keys, customers' signed identities, and the tokens in mailed links."""
