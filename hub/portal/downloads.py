"""A statement's files in the portal: the bytes that were rendered once, never kept by a cache."""
