"""What the read API answers. Amounts are strings of decimals, instants are UTC (RFC 3339)."""

from typing import Any

from rest_framework import serializers

from roaming.models import Cdr
from settlement.clearing.standing import standing_of
from settlement.documents.render import FORMATS
from settlement.models import Statement


class FileShape(serializers.Serializer):  # type: ignore[type-arg]
    """One file of a statement."""

    format = serializers.CharField()
    url = serializers.CharField()


class StatementShape(serializers.ModelSerializer):  # type: ignore[type-arg]
    """An issued statement. `net` is what you get (+) or pay (−)."""

    period = serializers.CharField(source="run.period")
    party = serializers.CharField(source="party.key")
    files = serializers.SerializerMethodField()

    class Meta:
        model = Statement
        fields = ["id", "number", "party", "period", "currency", "receivable", "payable", "fees", "net", "issued_at", "due_on", "files"]

    def get_files(self, statement: Statement) -> list[dict[str, str]]:
        """This method will name every file and where it is."""
        return [{"format": name, "url": f"/api/v1/statements/{statement.pk}/{name}"} for name in FORMATS]


class CdrShape(serializers.ModelSerializer):  # type: ignore[type-arg]
    """A sealed CDR and where it stands: held, cleared, late, credit or waiting. `seal` is SHA-256, hex."""

    operator = serializers.CharField(source="owner.key")
    provider = serializers.CharField(source="provider.key")
    state = serializers.SerializerMethodField()
    hold_reasons = serializers.SerializerMethodField()
    charged_gross = serializers.SerializerMethodField()
    period = serializers.SerializerMethodField()
    seal = serializers.SerializerMethodField()

    class Meta:
        model = Cdr
        fields = [
            *("cdr_id", "session_id", "operator", "provider", "started_at", "ended_at", "energy_kwh", "currency", "net", "vat"),
            *("state", "hold_reasons", "charged_gross", "period", "is_credit", "evse_id", "country", "received_at", "seal"),
        ]

    def get_state(self, cdr: Cdr) -> str:
        """This method will say where the CDR stands."""
        return standing_of(cdr)

    def get_hold_reasons(self, cdr: Cdr) -> list[str]:
        """This method will say why it is held, in sentences."""
        hold: Any = getattr(cdr, "hold", None)
        return [str(reason["message"]) for reason in hold.reasons] if hold is not None and hold.state == "held" else []

    def get_charged_gross(self, cdr: Cdr) -> str | None:
        """This method will return what was charged, with VAT."""
        charge: Any = getattr(cdr, "charge", None)
        return None if charge is None else f"{charge.gross:f}"

    def get_period(self, cdr: Cdr) -> str | None:
        """This method will return the settlement period it is booked in."""
        charge: Any = getattr(cdr, "charge", None)
        return None if charge is None else str(charge.period)

    def get_seal(self, cdr: Cdr) -> str:
        """This method will return the seal in hex."""
        return bytes(cdr.seal).hex()


class StatementPage(serializers.Serializer):  # type: ignore[type-arg]
    """Statements, newest first. `next` is the query of the page that follows, or null."""

    results = StatementShape(many=True)
    next = serializers.CharField(allow_null=True)


class CdrPage(serializers.Serializer):  # type: ignore[type-arg]
    """CDRs, newest first by end of session. `next` is the query of the page that follows, or null."""

    results = CdrShape(many=True)
    next = serializers.CharField(allow_null=True)
