"""OCPI 2.2.1: what this version calls things, and how it reads and writes them."""

NUMBER = "2.2.1"
