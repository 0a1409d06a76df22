"""The read API for partners' own software: statements with their files, and CDRs, of the one party that a key belongs to.

Described as OpenAPI at /api/v1/openapi.json and as a page at /api/. Everything else a partner does goes over OCPI or OICP.
"""
