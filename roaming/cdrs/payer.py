"""Who pays a CDR: the provider whose token charged."""

from django.db import connection

from roaming import canonical
from roaming.objects.announce import UnknownProvider
from roaming.parties.directory import Directory, PartyEntry
from roaming.routing.sides import Side

FIND_BY_REFERENCE = """
SELECT provider_id FROM roaming_authorization
WHERE reference = %s AND token_uid = %s AND outcome = 'ALLOWED' AND provider_id IS NOT NULL
ORDER BY at DESC LIMIT 1
"""


def find_provider(*, cdr: canonical.Cdr, directory: Directory) -> PartyEntry:
    """This function will find the provider that a CDR names by its token; it raises UnknownProvider.

    Where the protocol names none (OICP knows a session only), the authorisation with that reference knows it, then the contract ID.
    """
    token = cdr.cdr_token
    if token.country_code or token.party_id:
        return _known(directory, token.owner)
    row = _find_authorized(cdr)
    if row is not None and (entry := directory.party_by_row(row)) is not None:
        return entry
    named = canonical.contract_provider(token.contract_id)
    if named is None:
        raise UnknownProvider("cdr_token: names no provider")
    return _known(directory, named)


def _known(directory: Directory, key: canonical.PartyId) -> PartyEntry:
    entry = directory.party(key)
    if entry is None or directory.platform_on_side(key, Side.PROVIDER) is None:
        raise UnknownProvider(f"cdr_token: {key} is not a provider on this hub")
    return entry


def _find_authorized(cdr: canonical.Cdr) -> int | None:
    if not cdr.authorization_reference:
        return None
    with connection.cursor() as cursor:
        cursor.execute(FIND_BY_REFERENCE, [cdr.authorization_reference, cdr.cdr_token.uid])
        row = cursor.fetchone()
    return row[0] if row else None
