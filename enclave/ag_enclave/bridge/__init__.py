"""The bridge: what may pass between a client and a kernel. Knows messages, not sessions, accounts or sockets."""
