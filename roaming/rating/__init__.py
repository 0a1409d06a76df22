"""What does this cost? PURE: prices the periods of a session with its tariff and explains every cent.

The same engine prices CDRs of protocols that carry no price, re-prices those that do, and answers `rate_cdr`. It is exact
(Decimal throughout); rounding is a declared policy because OCPI leaves it to law and contract (OCPI 2.2.1, mod_tariffs).
"""

from roaming.rating.policy import Policy, Rounding
from roaming.rating.rate import NothingToRate, rate
from roaming.rating.result import Amount, Finding, Rated, TraceLine

__all__ = ["Amount", "Finding", "NothingToRate", "Policy", "Rated", "Rounding", "TraceLine", "rate"]
