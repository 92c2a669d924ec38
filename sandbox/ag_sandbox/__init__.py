"""The jail: what a process may still do once it runs code that nobody trusts. Knows nothing of what runs inside it."""
