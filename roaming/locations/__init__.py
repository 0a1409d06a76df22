"""Locations of operators with their EVSEs and connectors, merged per owner and audience; a part that changes moves its parents' stamps."""
