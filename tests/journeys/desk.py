"""The operator's desk of a journey: a process that runs command after command, so that each does not start a Python of its own."""

import json
import sys

import django

django.setup()

from hub.sandbox.office import OfficeRefused, run_in_process  # noqa: E402  (needs Django's settings)

for line in sys.stdin:
    name, *arguments = json.loads(line)
    try:
        answer = run_in_process(name, arguments)
    except OfficeRefused as refusal:
        answer = {"refused": str(refusal)}
    sys.stdout.write(json.dumps(answer, default=str) + "\n")
    sys.stdout.flush()
