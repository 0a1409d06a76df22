"""What every test shares. The servers are started by tests/services.py, before this file is read."""

import os

from hypothesis import HealthCheck, settings

# No wall-clock limits: the machine may be busy. On CI the same examples every time; at a desk new ones at each run.
settings.register_profile("house", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("house"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "house")
