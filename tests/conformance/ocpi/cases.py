"""The 125 conformance cases of OCPI, by group. A case's tests are those of this folder whose name begins with its number.

`DIFFERENCES` says where the hub answers otherwise than the case, on purpose; `MISSING` why a case has no test.
"""

CASES = range(1, 126)
GROUPS = {
    "Authentication and envelope": range(1, 14),
    "Ids and routing headers": range(14, 25),
    "Hub errors": range(25, 35),
    "Broadcast, open routing, GET All": range(35, 50),
    "URL rewriting": range(50, 59),
    "Credentials and versions": range(59, 75),
    "HubClientInfo": range(75, 80),
    "Pagination": range(80, 88),
    "Modules": range(88, 109),
    "Translation": range(109, 121),
    "Pricing": range(121, 125),
    "Invoice reconciliation": range(125, 126),
}

DIFFERENCES = {
    23: "a second hub was played by a platform that speaks for several parties",
    33: "4001 instead of a 2xxx: the same bytes as for a party that does not exist",
    34: "only where the partner's profile says so: else the newest state of an object waits; every CDR does",
    43: "fractions of a second other than three digits are written with three; the instant stays",
}

MISSING: dict[int, str] = {}
