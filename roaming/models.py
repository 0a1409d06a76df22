"""The table of contents: every table of traffic, by slice."""

from roaming.audit.models import AuditRecord
from roaming.authorizations.models import Authorization
from roaming.cdrs.models import Cdr, ChainHead, SealedBlock
from roaming.commands.models import ForwardedCommand
from roaming.deliveries.models import Delivery
from roaming.exchanges.models import CrossingLoss, Exchange, QuarantinedItem
from roaming.locations.models import EvseProjection, EvseRecord, EvseStatus, Location
from roaming.objects.models import MappedId
from roaming.parties.models import (
    Credential,
    DirectoryStamp,
    Endpoint,
    PartnerCertificate,
    Party,
    PartyClaim,
    PartyRole,
    Platform,
    ProfileProposal,
    RoamingAgreement,
)
from roaming.sessions.models import HubSession, Session, SessionRevision
from roaming.tariffs.models import EvsePricing, PricingProduct, Tariff, TariffRevision
from roaming.tokens.models import AuthenticationRecord, KnownOwner, Token

__all__ = [
    "AuditRecord",
    "AuthenticationRecord",
    "Authorization",
    "Cdr",
    "ChainHead",
    "Credential",
    "CrossingLoss",
    "Delivery",
    "DirectoryStamp",
    "Endpoint",
    "EvsePricing",
    "EvseProjection",
    "EvseRecord",
    "EvseStatus",
    "Exchange",
    "ForwardedCommand",
    "HubSession",
    "KnownOwner",
    "Location",
    "MappedId",
    "PartnerCertificate",
    "Party",
    "PartyClaim",
    "PartyRole",
    "Platform",
    "PricingProduct",
    "ProfileProposal",
    "QuarantinedItem",
    "RoamingAgreement",
    "SealedBlock",
    "Session",
    "SessionRevision",
    "Tariff",
    "TariffRevision",
    "Token",
]
