"""Checks of charges: each CDR is charged or held, once, and a charge says what its sealed CDR and its terms say."""

from settlement.ledger.verify import first_row

_NAME = "owner.country_code || '-' || owner.party_id || '/' || cdr.cdr_id"

# Reliability §5.3, invariants 1 and 2; what clearing has not seen yet is pending.
_EITHER = f"""
SELECT {_NAME},
    CASE WHEN charge.id IS NOT NULL THEN 'is held and charged' WHEN hold.id IS NULL THEN 'is neither charged nor held'
        ELSE 'was released and not charged' END
FROM roaming_cdr cdr
JOIN roaming_party owner ON owner.id = cdr.owner_id
LEFT JOIN settlement_charge charge ON charge.cdr_id = cdr.id
LEFT JOIN settlement_hold hold ON hold.cdr_id = cdr.id
WHERE (hold.state = 'held' AND charge.id IS NOT NULL)
    OR (charge.id IS NULL AND hold.state = 'released')
    OR (charge.id IS NULL AND hold.id IS NULL AND cdr.id <= (SELECT coalesce(max(seen_up_to), 0) FROM settlement_clearingcursor))
ORDER BY cdr.id LIMIT 1
"""  # noqa: S608  (our own expression)

_CHARGES = f"""
SELECT {_NAME}
FROM settlement_charge charge
JOIN roaming_cdr cdr ON cdr.id = charge.cdr_id
JOIN roaming_party owner ON owner.id = cdr.owner_id
JOIN settlement_settlementterms terms ON terms.id = charge.terms_id
LEFT JOIN settlement_repricing priced ON priced.cdr_id = cdr.id AND priced.counts
WHERE charge.operator_id <> cdr.owner_id OR charge.provider_id <> cdr.provider_id OR charge.currency <> cdr.currency
    OR charge.ended_on <> (cdr.ended_at AT TIME ZONE 'UTC')::date OR charge.netting_set_id <> terms.netting_set_id
    OR charge.gross <> charge.net + charge.vat
    OR NOT cdr.is_credit AND (
        charge.net <> coalesce(priced.net, cdr.net) OR charge.energy_kwh <> cdr.energy_kwh
        OR charge.vat <> CASE WHEN charge.tax_note LIKE 'reverse charge%' OR charge.tax_note LIKE 'outside%' THEN 0
            ELSE coalesce(CASE WHEN priced.id IS NULL THEN cdr.vat ELSE priced.vat END, 0) END
        OR abs(charge.net * charge.vat_rate / 100 - charge.vat) > 0.01 + abs(charge.net) * 0.0001
        OR charge.operator_fee + charge.provider_fee <> terms.hub_fee OR charge.operator_fee < 0 OR charge.provider_fee < 0
        OR charge.fee_currency <> CASE WHEN terms.hub_fee = 0 THEN '' ELSE terms.currency END
    )
    OR cdr.is_credit AND (charge.operator_fee <> 0 OR charge.provider_fee <> 0 OR charge.bucket <> 'credit')
ORDER BY charge.id LIMIT 1
"""  # noqa: S608  (our own expression)

# Invariant 6.
_CREDITS = f"""
SELECT {_NAME}
FROM roaming_cdr cdr
JOIN roaming_party owner ON owner.id = cdr.owner_id
JOIN settlement_charge credit ON credit.cdr_id = cdr.id
LEFT JOIN settlement_charge original ON original.cdr_id = cdr.credit_of_id
WHERE cdr.is_credit AND (
    original.id IS NULL OR credit.net <> -original.net OR credit.vat <> -original.vat OR credit.gross <> -original.gross
    OR credit.vat_rate <> original.vat_rate OR credit.currency <> original.currency OR credit.energy_kwh <> -original.energy_kwh
    OR credit.operator_id <> original.operator_id OR credit.provider_id <> original.provider_id OR credit.period < original.period
)
ORDER BY cdr.id LIMIT 1
"""  # noqa: S608  (our own expression)


def every_cdr_is_charged_or_held() -> str | None:
    """This function will name the first CDR that is both, or neither although clearing has passed it."""
    row = first_row(_EITHER)
    return f"cdr {row[0]} {row[1]}" if row else None


def charges_say_what_was_sealed() -> str | None:
    """This function will name the first charge whose parties, amounts, tax or fees do not follow from CDR and terms."""
    row = first_row(_CHARGES)
    return f"charge of cdr {row[0]} differs from its sealed CDR or its terms" if row else None


def credits_cancel_their_originals() -> str | None:
    """This function will name the first credit that is not the exact negative of an earlier charge."""
    row = first_row(_CREDITS)
    return f"charge of credit cdr {row[0]} does not cancel its original" if row else None


CHECKS = (every_cdr_is_charged_or_held, charges_say_what_was_sealed, credits_cancel_their_originals)
