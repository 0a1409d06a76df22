"""Builders that every test shares: parties with their platforms and agreements, canonical messages, factory-boy underneath."""
