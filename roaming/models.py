"""The table of contents: every table of traffic, by slice."""

from roaming.authorizations.models import Authorization
from roaming.cdrs.models import Cdr, SealedBlock
from roaming.commands.models import ForwardedCommand
from roaming.deliveries.models import Delivery
from roaming.exchanges.models import Exchange
from roaming.locations.models import Location
from roaming.parties.models import Credential, DirectoryStamp, Endpoint, Party, PartyRole, Platform, RoamingAgreement
from roaming.sessions.models import Session, SessionRevision
from roaming.tariffs.models import Tariff, TariffRevision
from roaming.tokens.models import Token

__all__ = [
    "Authorization",
    "Cdr",
    "Credential",
    "Delivery",
    "DirectoryStamp",
    "Endpoint",
    "Exchange",
    "ForwardedCommand",
    "Location",
    "Party",
    "PartyRole",
    "Platform",
    "RoamingAgreement",
    "SealedBlock",
    "Session",
    "SessionRevision",
    "Tariff",
    "TariffRevision",
    "Token",
]
