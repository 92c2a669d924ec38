"""The endpoints, one file per noun. They know HTTP and the gateway, no processes and no bytes of messages."""
