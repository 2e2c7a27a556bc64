"""What is around every request: middleware, the content security policy, and asking for bodies."""
