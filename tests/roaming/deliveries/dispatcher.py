"""The dispatcher as a process of its own, with the stub's protocol: `python -m tests.roaming.deliveries.dispatcher`."""

import django

if __name__ == "__main__":
    django.setup()

    from django.core.management import call_command

    from tests.roaming.deliveries.stub import register

    register()
    call_command("deliver_outbox", "--json")
