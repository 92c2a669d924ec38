"""The web console of owners and auditors: pages made on the server, that need no JavaScript and no build."""
