"""Tokens of providers, merged per owner and audience: pushed by PUT and PATCH, found for authorisation, pulled page by page."""
