"""The table of contents: every table of money, by slice."""

from settlement.clearing.models import Charge, ClearingCursor, DayTotal, Hold, SettlementPeriod
from settlement.control.models import Finding
from settlement.documents.models import Document
from settlement.ledger.models import Account, Entry, Transfer
from settlement.netting.models import NettingRun, PairTotal, PlannedPayment, Position
from settlement.statements.models import NumberSeries, Statement, StatementLine
from settlement.terms.models import NettingSet, PaymentDetails, SettlementTerms, TaxProfile

__all__ = [
    "Account",
    "Charge",
    "ClearingCursor",
    "DayTotal",
    "Document",
    "Entry",
    "Finding",
    "Hold",
    "NettingRun",
    "NettingSet",
    "NumberSeries",
    "PairTotal",
    "PaymentDetails",
    "PlannedPayment",
    "Position",
    "SettlementPeriod",
    "SettlementTerms",
    "Statement",
    "StatementLine",
    "TaxProfile",
    "Transfer",
]
