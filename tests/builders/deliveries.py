"""What waits in the outbox, in words that a test can compare."""

from roaming.deliveries.models import Delivery


def waiting() -> list[str]:
    """This function will list what the outbox holds, oldest first: `put token to DE-ALF from the hub`."""
    rows = Delivery.objects.select_related("receiver", "sender").order_by("id")
    return [
        f"{row.verb} {row.object_type}{f' {row.object_path}' if row.object_path else ''} to {row.receiver.key}"
        f" from {row.sender.key if row.sender else 'the hub'}"
        for row in rows
    ]
