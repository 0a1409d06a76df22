"""The clocks of a dispute and its refusals' words."""

from datetime import timedelta

# The other side answers within ten days; after thirty the arbiter decides (clearing §3.1, steps 8 and 9).
ANSWER_WITHIN = timedelta(days=10)
RESOLVE_WITHIN = timedelta(days=30)
