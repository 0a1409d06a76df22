"""The columns of a sealed CDR that are read off its body: written when it is sealed, re-derived when the seals are verified. Pure."""

from datetime import datetime
from decimal import Decimal

import msgspec

from roaming import canonical
from roaming.objects.limits import number_that_fits, text_that_fits


class Columns(msgspec.Struct, frozen=True):
    """What the table of CDRs repeats of the body, by column name. Amounts and energy carry four decimals."""

    cdr_id: str
    cdr_key: str
    session_id: str
    session_key: str
    started_at: datetime
    ended_at: datetime
    energy_kwh: Decimal
    duration_hours: Decimal
    currency: str
    net: Decimal
    vat: Decimal | None
    token_uid: str
    contract_id: str
    location_id: str
    evse_id: str
    country: str
    authorization_reference: str
    auth_method: str
    is_credit: bool
    last_updated: datetime


def derive_columns(cdr: canonical.Cdr) -> Columns:
    """This function will read the columns off a CDR; it raises DoesNotFit naming the field that the table cannot hold."""
    vat = taxes_of(cdr.total_cost)
    cdr_id = text_that_fits(cdr.id, longest=39, field="id")
    session_id = text_that_fits(cdr.session_id or "", longest=39, field="session_id")
    return Columns(
        cdr_id=cdr_id,
        cdr_key=cdr_id.upper(),
        session_id=session_id,
        session_key=session_id.upper(),
        started_at=cdr.start_date_time,
        ended_at=cdr.end_date_time,
        energy_kwh=number_that_fits(cdr.total_energy, digits=8, field="total_energy"),
        duration_hours=number_that_fits(cdr.total_time, digits=8, field="total_time"),
        currency=text_that_fits(cdr.currency, longest=3, field="currency"),
        net=number_that_fits(cdr.total_cost.before_taxes, digits=10, field="total_cost"),
        vat=None if vat is None else number_that_fits(vat, digits=10, field="total_cost"),
        token_uid=text_that_fits(cdr.cdr_token.uid, longest=36, field="cdr_token.uid"),
        contract_id=text_that_fits(cdr.cdr_token.contract_id, longest=36, field="cdr_token.contract_id"),
        location_id=text_that_fits(cdr.cdr_location.id, longest=39, field="cdr_location.id"),
        evse_id=text_that_fits(cdr.cdr_location.evse_id, longest=48, field="cdr_location.evse_id"),
        country=text_that_fits(cdr.cdr_location.country, longest=3, field="cdr_location.country"),
        authorization_reference=text_that_fits(cdr.authorization_reference or "", longest=64, field="authorization_reference"),
        auth_method=text_that_fits(cdr.auth_method, longest=16, field="auth_method"),
        is_credit=bool(cdr.credit),
        last_updated=cdr.last_updated,
    )


def taxes_of(price: canonical.Price) -> Decimal | None:
    """This function will sum the taxes of a price; None where they were not told, which is not the same as 0 (ocpi §5.8)."""
    return sum((tax.amount for tax in price.taxes), Decimal(0)) if price.taxes else None
