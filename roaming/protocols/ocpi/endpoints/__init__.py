"""The doors of OCPI: HTTP once for all versions. Each reads, makes one call, and writes; what differs per version is its dialect."""
