"""A statement as files: PDF, XLSX, CSV and JSON, written once and the same bytes for ever."""
