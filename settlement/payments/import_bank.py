"""Read a party's bank file into entries, once, and match what can be matched."""

import hashlib
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from roaming import canonical
from settlement.payments.camt import NotABankFile, read_bank_file
from settlement.payments.match import be_the_only_matcher, holders_of, match_entries
from settlement.payments.models import BankEntry, BankFile
from settlement.terms.rights import require


class UnknownAccount(Exception):
    """No party has that account in its details."""


class Imported(NamedTuple):
    """What a file brought: entries in it, those that were new, and how many of these were matched."""

    file: BankFile
    entries: int
    new: int
    matched: int


def import_bank(*, content: bytes, name: str, by: str, by_role: str, at: datetime) -> Imported:
    """This function will store the booked entries of a camt.053 or camt.054 file and match them; the same file again changes nothing.

    An entry that an earlier file told already (same account and bank reference) is not new. Without `by` an operator's shell imports.
    It raises RoleMayNot, NotABankFile and UnknownAccount, before anything is written.
    """
    if by:
        require(action="import_bank", role=by_role, by=by)
    movements = read_bank_file(content=content)
    holders = {}
    for movement in movements:
        if movement.account not in holders:
            found = holders_of(iban=movement.account)
            if not found:
                raise UnknownAccount(f"no party has the account that ends in {movement.account[-4:]}: set_party_details --iban …")
            holders[movement.account] = found[0]
        if movement.amount != round(movement.amount, canonical.exponent(movement.currency)):
            raise NotABankFile(f"entry {movement.key}: {movement.amount} has more decimals than {movement.currency}")
    with transaction.atomic():
        be_the_only_matcher()
        file, _ = BankFile.objects.get_or_create(
            sha256=hashlib.sha256(content).hexdigest(), defaults={"name": name[:200], "imported_by": by, "imported_at": at}
        )
        known = set(BankEntry.objects.filter(account__in=holders).values_list("account", "key"))
        new = [
            BankEntry(file=file, party=holders[movement.account], **movement._asdict())
            for movement in movements
            if (movement.account, movement.key) not in known
        ]
        entries = BankEntry.objects.bulk_create(new)
        matched = match_entries(entries=entries, by=by, at=at)
    return Imported(file=file, entries=len(movements), new=len(entries), matched=matched)
