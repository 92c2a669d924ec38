"""The gateway: accounts, sessions, relay, the command line. Starts the other rooms and never imports them."""
