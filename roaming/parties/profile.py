"""How a partner really speaks, where that is not as its protocol says. Learned from what worked, or told by the hub's operators.

OCPI keys: `token_encoding` (`raw` or `base64`, how it reads our Authorization header).
"""

from django.db import transaction

from roaming.parties import directory
from roaming.parties.credentials import Identified
from roaming.parties.models import Platform


def learn(*, platform: Identified, key: str, value: str) -> None:
    """This function will keep what was found out about a partner, where it is news."""
    with transaction.atomic():
        row = Platform.objects.select_for_update().get(id=platform.id)
        if row.profile.get(key) == value:
            return
        row.profile = {**row.profile, key: value}
        row.save(update_fields=["profile"])
        directory.changed()
