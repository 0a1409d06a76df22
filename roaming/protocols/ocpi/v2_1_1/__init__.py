"""OCPI 2.1.1: nothing lives here yet. The versions list does not offer it."""
