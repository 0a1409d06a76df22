"""Tariffs of OCPI 2.3.0: prices say whether tax is inside, limits are before and after taxes (mod_tariffs)."""

from roaming.protocols.ocpi.dialect import many, optional, required
from roaming.protocols.ocpi.kinds import OPEN_NAME, one_of
from roaming.protocols.ocpi.v2_2_1 import tariffs as older
from roaming.protocols.ocpi.v2_2_1.prices import AMOUNT
from roaming.protocols.ocpi.v2_3_0.prices import PRICE_LIMIT

# `booking` belongs to the bookings edition, `preauthorize_amount` to payments; a partner of core alone sends neither.
TARIFF_RESTRICTIONS = older.TARIFF_RESTRICTIONS.revised(optional("booking", OPEN_NAME))
TARIFF_ELEMENT = older.TARIFF_ELEMENT.revised(optional("restrictions", TARIFF_RESTRICTIONS.kind))
TARIFF = older.TARIFF.revised(
    required("tax_included", one_of("YES", "NO", "N/A")),
    optional("min_price", PRICE_LIMIT.kind),
    optional("max_price", PRICE_LIMIT.kind),
    optional("preauthorize_amount", AMOUNT),
    required("elements", many(TARIFF_ELEMENT.kind, at_least=1)),
)

read_tariff, write_tariff = TARIFF.read, TARIFF.write
