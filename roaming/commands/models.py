"""The table of forwarded commands."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from roaming.parties.models import Party


class ForwardedCommand(models.Model):
    """A command, or a charging profile's request, on its way to the operator.

    `callback_key` is the hub-made secret part of the address that the operator calls with the result.
    """

    id = models.UUIDField(primary_key=True)
    callback_key = models.CharField(max_length=64, unique=True)
    module = models.CharField(max_length=32, db_default="commands", help_text="The module in whose words the result will come.")
    command = models.CharField(max_length=32)
    subject = models.CharField(max_length=64, blank=True, db_default="", help_text="The session or reservation it is about.")
    token_uid = models.CharField(max_length=36, blank=True, db_default="")
    token_type = models.CharField(max_length=32, blank=True, db_default="")
    contract_id = models.CharField(max_length=36, blank=True, db_default="")
    location_id = models.CharField(max_length=39, blank=True, db_default="")
    reference = models.CharField(max_length=36, blank=True, db_default="", help_text="authorization_reference, as the provider told it.")
    session_row = models.BigIntegerField(null=True, blank=True, help_text="The session that the command began.")
    sender = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    sender_platform_id = models.BigIntegerField()
    receiver_platform_id = models.BigIntegerField()
    response_url = models.CharField(max_length=255, help_text="The provider's own address, never shown to the operator.")
    digest = models.BinaryField()
    correlation_id = models.CharField(max_length=128, blank=True)
    response = models.JSONField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    result_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["sender", "response_url"], name="command_by_response_url"),
            models.Index(fields=["sender", "subject"], name="command_by_subject"),
            models.Index(fields=["receiver", "subject"], name="command_at_receiver"),
            models.Index(fields=["receiver", "created_at"], name="command_by_time"),
            models.Index(fields=["session_row"], condition=Q(session_row__isnull=False), name="command_of_session"),
        ]

    def __str__(self) -> str:
        return self.command
