"""The only door out: every call to a partner passes the address guard, one hard deadline, a breaker and a bulkhead."""
