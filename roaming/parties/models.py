"""Tables of platforms, parties, credentials, endpoints and roaming agreements."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from roaming import canonical


class Platform(models.Model):
    """Software with one connection to the hub; it may host many parties."""

    class Protocol(models.TextChoices):
        OCPI = "ocpi", "OCPI"
        OICP = "oicp", "OICP"

    class Status(models.TextChoices):
        """As HubClientInfo names them (OCPI 2.2.1, mod_hub_client_info §ConnectionStatus)."""

        PLANNED = "PLANNED", "Planned"
        CONNECTED = "CONNECTED", "Connected"
        OFFLINE = "OFFLINE", "Offline"
        SUSPENDED = "SUSPENDED", "Suspended"

    name = models.CharField(max_length=100, unique=True)
    protocol = models.CharField(max_length=4, choices=Protocol.choices, default=Protocol.OCPI)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PLANNED)
    is_locked = models.BooleanField(default=False, help_text="Nothing is routed to or from a locked platform.")
    version = models.CharField(max_length=8, blank=True, help_text="Protocol version agreed in the handshake, e.g. 2.2.1.")
    versions_url = models.CharField(max_length=255, blank=True)
    allowed_hosts = ArrayField(models.CharField(max_length=255), default=list, blank=True, help_text="HOST or HOST:PORT, exact.")
    profile = models.JSONField(default=dict, blank=True, help_text="How this partner really speaks (see PartnerProfile).")
    told_state = models.CharField(
        max_length=9, blank=True, db_default="", help_text="The state that partners were told last (HubClientInfo)."
    )
    last_seen_at = models.DateTimeField(null=True, blank=True)
    status_changed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    @property
    def state(self) -> str:
        """What others are told: a locked platform is SUSPENDED, whatever its connection does."""
        return Platform.Status.SUSPENDED.value if self.is_locked else self.status

    def __str__(self) -> str:
        return self.name


class Party(models.Model):
    """A company, named by country code and party id in upper case."""

    country_code = models.CharField(max_length=2)
    party_id = models.CharField(max_length=3)
    name = models.CharField(max_length=100, blank=True)
    business_details = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "parties"
        constraints = [
            models.UniqueConstraint(fields=["country_code", "party_id"], name="party_known_once"),
            models.CheckConstraint(
                condition=Q(country_code__regex=r"^[A-Z]{2}$") & Q(party_id__regex=r"^[A-Z0-9]{3}$"), name="party_ids_upper_case"
            ),
        ]

    @property
    def key(self) -> canonical.PartyId:
        """The company's id as the canonical language writes it, e.g. DE-ALF."""
        return canonical.PartyId(self.country_code, self.party_id)

    def __str__(self) -> str:
        return f"{self.country_code}-{self.party_id}" + (f" ({self.name})" if self.name else "")


class PartyRole(models.Model):
    """A company in one market role, hosted on one platform. Only approved claims exist: a platform cannot invent parties."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="roles")
    role = models.CharField(max_length=5, choices=[(role.value, role.value) for role in canonical.Role])
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="party_roles")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        # OCPI authenticates platforms, not parties: ownership of (role, party) is unique in the whole hub (ocpi §3.3).
        constraints = [models.UniqueConstraint(fields=["party", "role"], name="party_role_hosted_once")]

    def __str__(self) -> str:
        return f"{self.role}:{self.party.country_code}:{self.party.party_id}"


class Credential(models.Model):
    """A secret between the hub and a platform. Inbound ones are kept as a keyed hash, outbound ones encrypted for their row."""

    class Direction(models.TextChoices):
        INBOUND = "in", "the partner shows it to the hub"
        OUTBOUND = "out", "the hub shows it to the partner"

    class Kind(models.TextChoices):
        REGISTRATION = "A", "registration token (token A): versions and credentials only"
        SESSION = "C", "token of a registered connection"

    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="credentials")
    direction = models.CharField(max_length=3, choices=Direction.choices)
    kind = models.CharField(max_length=1, choices=Kind.choices, default=Kind.SESSION)
    token_hash = models.CharField(max_length=64, blank=True, help_text="HMAC-SHA256 with the hub's pepper, hex (inbound).")
    sealed_token = models.BinaryField(null=True, blank=True, help_text="AES-256-GCM, bound to this row (outbound).")
    row_key = models.UUIDField(help_text="Associated data of the encryption: a ciphertext moved to another row does not open.")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True, help_text="End of a rotation's grace window; empty: no end.")
    first_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token_hash"], condition=Q(direction="in"), name="inbound_token_unique")]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} of {self.platform_id}"


class Endpoint(models.Model):
    """Where a partner serves one side of one module (from its version details, or an OICP base URL)."""

    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="endpoints")
    module = models.CharField(max_length=64)
    interface = models.CharField(max_length=8, help_text="SENDER or RECEIVER")
    url = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["platform", "module", "interface"], name="endpoint_once")]

    def __str__(self) -> str:
        return f"{self.module} {self.interface}"


class RoamingAgreement(models.Model):
    """An operator and a provider may roam, between two dates. Both empty: an offer of everyone to everyone.

    No agreement, no routing, no showing, no charging. How they pay is `settlement.SettlementTerms`.
    """

    operator = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="agreements_as_operator")
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="agreements_as_provider")
    validity = DateRangeField(help_text="Closed-open dates in UTC; an open end means until further notice.")
    modules = ArrayField(models.CharField(max_length=32), default=list, blank=True, help_text="OCPI module names; empty: all.")
    signed_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="agreement_no_overlap",
                expressions=[
                    (models.functions.Coalesce("operator", 0), RangeOperators.EQUAL),
                    (models.functions.Coalesce("provider", 0), RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(operator__isnull=True, provider__isnull=True) | Q(operator__isnull=False, provider__isnull=False),
                name="agreement_pair_or_everyone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operator} – {self.provider}" if self.operator_id else "everyone with everyone"


class DirectoryStamp(models.Model):
    """One row whose stamp changes with every change of who is who: a process compares it to know that its directory is old.

    Triggers set it (migration 0004), so that a change by the admin or by SQL counts like any other. A random value and not a
    counter: after a roll-back the same number could stand for other content.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    stamp = models.UUIDField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="directory_has_one_stamp")]

    def __str__(self) -> str:
        return str(self.stamp)


class PartnerCertificate(models.Model):
    """A TLS certificate that an OICP partner shows: pinned by its SHA-256. A partner may hold several, so that it can renew (oicp §4.1)."""

    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="certificates")
    sha256 = models.CharField(max_length=64, unique=True, help_text="Of the certificate in DER, 64 lower-case hex digits.")
    not_after = models.DateTimeField(null=True, blank=True, help_text="When the certificate expires, where that was told.")
    added_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="certificate_is_sha256")]

    def __str__(self) -> str:
        return f"{self.sha256[:16]}…"


class ProfileProposal(models.Model):
    """A habit that the hub saw a partner have, with its evidence. It counts for nothing until an operator of the hub confirms it."""

    class State(models.TextChoices):
        OPEN = "open", "seen, not decided"
        CONFIRMED = "confirmed", "confirmed"
        DISMISSED = "dismissed", "dismissed"

    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="profile_proposals")
    flag = models.CharField(max_length=32, help_text="A flag of PartnerProfile.")
    value = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    count = models.BigIntegerField(default=1, help_text="How often it was seen.")
    evidence = models.CharField(max_length=255, blank=True, help_text="What was seen, latest.")
    correlation_id = models.CharField(max_length=128, blank=True, help_text="Of the latest exchange that shows it.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["platform", "flag", "value"], name="habit_proposed_once")]

    def __str__(self) -> str:
        return f"{self.flag}={self.value}"


class PartyClaim(models.Model):
    """A (role, party) that a platform's credentials name and nobody approved: it waits, and nothing is routed for it meanwhile."""

    class State(models.TextChoices):
        PENDING = "pending", "waits for approval"
        APPROVED = "approved", "approved"
        REFUSED = "refused", "refused"

    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="party_claims")
    role = models.CharField(max_length=8)
    country_code = models.CharField(max_length=2)
    party_id = models.CharField(max_length=3)
    name = models.CharField(max_length=100, blank=True, help_text="As the partner tells it.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    claimed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=254, blank=True, help_text="E-mail; empty: a command.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["platform", "role", "country_code", "party_id"], name="party_claimed_once")]

    def __str__(self) -> str:
        return f"{self.role}:{self.country_code}:{self.party_id}"
