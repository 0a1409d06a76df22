"""The doors of OICP: 21 operations on the specification's paths, each a POST (oicp §1.2)."""
