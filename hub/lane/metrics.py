"""What the lane counts, for /metrics. No label ever holds a token, a session or an id."""

from prometheus_client import Counter, Histogram

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

AUTHORIZE_SECONDS = Histogram(
    "roamhouse_authorize_seconds", "An authorisation: time in the hub, and time waiting for the provider.", ["part"], buckets=_SECONDS
)
AUTHORIZATIONS = Counter("roamhouse_authorizations_total", "Authorisations by what was answered and who decided.", ["outcome", "source"])
COMMIT_ROWS = Histogram("roamhouse_commit_rows", "Rows that shared one commit.", ["of"], buckets=_ROWS)
COMMIT_SECONDS = Histogram("roamhouse_commit_seconds", "Time that one shared commit took.", ["of"], buckets=_SECONDS)
EXCHANGES_LEFT_OUT = Counter("roamhouse_exchanges_left_out_total", "Exchanges of successes that a flood left no room for.")
