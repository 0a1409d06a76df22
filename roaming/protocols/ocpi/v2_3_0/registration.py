"""Credentials of OCPI 2.3.0: no role HUB; a hub names its own party in `hub_party_id` and lists whom it can reach (credentials)."""

from roaming.protocols.ocpi.dialect import Shape, many, optional, required
from roaming.protocols.ocpi.kinds import URL, matching, one_of
from roaming.protocols.ocpi.v2_2_1 import registration as older
from roaming.protocols.ocpi.visitors import Credentials

_ROLE = one_of("CPO", "EMSP", "NAP", "NSP", "OTHER", "SCSP")


CREDENTIALS = Shape(
    Credentials,
    required("token", older.TOKEN),
    required("url", URL),
    optional("hub_party_id", matching(r"[A-Za-z]{2}[A-Za-z0-9]{3}", "a country code and party id in one, like DEHUB")),
    required("roles", many(older.CREDENTIALS_ROLE.revised(required("role", _ROLE)).kind, at_least=1)),
)
CLIENT_INFO = older.CLIENT_INFO.revised(required("role", _ROLE))

read_credentials, write_credentials = CREDENTIALS.read, CREDENTIALS.write
read_client_info, write_client_info = CLIENT_INFO.read, CLIENT_INFO.write
