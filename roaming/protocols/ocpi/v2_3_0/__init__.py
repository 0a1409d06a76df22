"""OCPI 2.3.0: nothing lives here yet. The versions list does not offer it."""
