"""CDRs of OCPI 2.3.0 (mod_cdrs): every price with named taxes, a booking where there was one."""

from roaming.protocols.ocpi.dialect import many, optional, required
from roaming.protocols.ocpi.kinds import ci_string
from roaming.protocols.ocpi.v2_2_1 import cdrs as older
from roaming.protocols.ocpi.v2_3_0.prices import PRICE
from roaming.protocols.ocpi.v2_3_0.sessions import CDR_TOKEN
from roaming.protocols.ocpi.v2_3_0.tariffs import TARIFF

_SUB_TOTALS = ("total_fixed_cost", "total_energy_cost", "total_time_cost", "total_parking_cost", "total_reservation_cost")
CDR = older.CDR.revised(
    required("cdr_token", CDR_TOKEN.kind),
    optional("tariffs", many(TARIFF.kind)),
    required("total_cost", PRICE.kind),
    *(optional(name, PRICE.kind) for name in _SUB_TOTALS),
    optional("booking_id", ci_string(36)),
)

read_cdr, write_cdr = CDR.read, CDR.write
