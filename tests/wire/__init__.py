"""Our own example messages as they stand on the wire, and a partner to send and receive them."""
