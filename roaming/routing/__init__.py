"""Who must hear this? PURE: decides from what it is given, asks nobody."""
