"""The table of ids that the hub gave to objects of others."""

from django.db import models

from roaming.parties.models import Party


class MappedId(models.Model):
    """What an id stands for that the hub made because the owner's own was too long to carry the owner's name (see `mapped`)."""

    mapped_id = models.CharField(max_length=36, unique=True)
    owner = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    object_id = models.CharField(max_length=39, help_text="The id as its owner gave it.")

    def __str__(self) -> str:
        return self.mapped_id
