"""Tokens by their contract: a car that charges by plug and charge shows its contract and no uid (oicp §6.4)."""

import re

from django.db import connection

from roaming import canonical

_SEPARATORS = re.compile(r"[^A-Z0-9]")


def contract_forms(contract_id: str) -> list[str]:
    """This function will list how a contract may be written: with or without separators and check digit."""
    bare = _SEPARATORS.sub("", contract_id.upper())
    forms = {contract_id.upper(), bare, bare[:-1], f"{bare[:2]}-{bare[2:5]}-{bare[5:]}", f"{bare[:2]}-{bare[2:5]}-{bare[5:-1]}"}
    forms |= {f"{bare[:2]}-{bare[2:5]}-{bare[5:-1]}-{bare[-1:]}"}
    return [*forms, contract_id]


def find_tokens_of_contract(*, contract_id: str, owner: int) -> list[canonical.Token]:
    """This function will return the provider's public tokens of a contract, with or without separators and check digit, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT document::text FROM roaming_token WHERE owner_id = %s AND contract_id = ANY(%s) AND audience_id IS NULL"
            " ORDER BY id DESC",
            [owner, contract_forms(contract_id)],
        )
        return [canonical.decode(document.encode(), canonical.Token) for (document,) in cursor.fetchall()]
