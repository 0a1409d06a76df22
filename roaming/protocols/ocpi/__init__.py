"""OCPI: endpoints once for all versions; each version is a dialect that reads and writes canonical messages in pairs."""
