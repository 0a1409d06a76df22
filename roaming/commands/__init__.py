"""Commands of providers on their way to operators, and the late results on their way back through an address that the hub made."""
