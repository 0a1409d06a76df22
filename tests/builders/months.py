"""A worked month, told as finance tells it: `month.charge("M", "P", "100.00")` is M owing P, then close and read the figures.

Parties are one letter here and DE-AAA in the books. VAT 0 and no fees unless said; October 2026 in UTC, closed on 3 November.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from roaming import canonical
from roaming.models import Cdr
from settlement.documents.render import render_statement
from settlement.models import NettingRun, PlannedPayment, Position, Statement
from settlement.netting.close import close_period
from settlement.statements.approve import approve_run
from settlement.statements.issue import issue_run
from tests.builders.charges import CUT_OFF, OCTOBER, a_charged_cdr, a_credit_for, the_default_set

MAKER, CHECKER = "maker@hub.example", "checker@hub.example"


def party(letter: str) -> str:
    """This function will return the id that a letter stands for: A is DE-AAA."""
    return f"DE-{letter * 3}" if len(letter) == 1 else letter


def letter(key: object) -> str:
    """This function will return the letter of an id, and the id itself where it has none: DE-AAA is A."""
    text = str(key)
    return text[3] if text == f"DE-{text[3] * 3}" else text


@dataclass
class Month:
    """The closed month: positions by letter, planned payments, and what each statement says."""

    run: NettingRun

    def positions(self, currency: str = "EUR") -> dict[str, Decimal]:
        """What each party is owed (+) or owes (−)."""
        rows = Position.objects.filter(run=self.run, currency=currency).select_related("party")
        return {letter(row.party.key): row.net for row in rows}

    def payments(self, currency: str = "EUR") -> list[tuple[str, str, Decimal]]:
        """Who pays whom, in the order of the plan."""
        rows = PlannedPayment.objects.filter(run=self.run, currency=currency).select_related("payer", "payee").order_by("id")
        return [(letter(row.payer.key), letter(row.payee.key), row.amount) for row in rows]

    def figure(self, name: str, currency: str = "EUR") -> Decimal:
        """A figure of the run, such as gross or efficiency."""
        return Decimal(self.run.figures[currency][name])

    def statement(self, of: str, currency: str = "EUR") -> Statement:
        """The statement of a party."""
        key = canonical.PartyId.parse(party(of))
        return Statement.objects.select_related("run__netting_set", "party").get(
            run=self.run, party__country_code=key.country_code, party__party_id=key.party_id, currency=currency
        )

    def document(self, of: str, currency: str = "EUR") -> dict[str, Any]:
        """The JSON export of a party's statement."""
        told: dict[str, Any] = msgspec.json.decode(render_statement(statement=self.statement(of, currency), format="json").content)
        return told

    def lines(self, of: str, kind: str, currency: str = "EUR") -> list[Decimal]:
        """The gross amounts of a kind of line, signed for the party."""
        return [Decimal(line["gross"]) for line in self.document(of, currency)["lines"] if line["kind"] == kind]

    def shown(self, of: str, currency: str = "EUR") -> list[Decimal]:
        """The amounts in cents that the CDR lines show."""
        return [Decimal(line["shown"]) for line in self.document(of, currency)["cdrs"]]


def charge(debtor: str, creditor: str, net: str, **told: Any) -> Cdr:
    """This function will seal a CDR by which `debtor` owes `creditor` `net`."""
    return a_charged_cdr(provider=party(debtor), operator=party(creditor), net=net, **told)


def credit(original: Cdr, **told: Any) -> Cdr:
    """This function will seal the credit of a CDR."""
    return a_credit_for(original, **told)


def close(period: canonical.Period = OCTOBER, *, at: datetime = CUT_OFF) -> Month:
    """This function will close a period of the default netting set."""
    return Month(close_period(netting_set=the_default_set(), period=period, by=MAKER, at=at))


def issue(month: Month, *, at: datetime = CUT_OFF) -> Month:
    """This function will approve and issue a closed month."""
    approved = approve_run(run=month.run, by=CHECKER, by_role="checker", at=at)
    return Month(issue_run(run=approved, by=MAKER, by_role="maker", at=at))
