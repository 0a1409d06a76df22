"""OCPI 2.3.0 edition 2: the canonical language's own names; only what differs from 2.2.1 is written here."""

NUMBER = "2.3.0"
