"""The table of contents: every table of money, by slice."""

from settlement.clearing.models import Charge, ClearingCursor, DayTotal, Hold, SettlementPeriod
from settlement.control.models import CdrReminder, Finding, MarketPrice, MeterKey, Repricing, RuleChange, SignedReading
from settlement.disputes.models import Acceptance, Adjustment, Dispute, DisputeFile, DisputeMessage
from settlement.documents.models import Document, IssuedInvoice, ReconciliationRecord, RunSeal, StatementSeal
from settlement.ledger.models import Account, BalanceAssertion, BooksCheck, Entry, Transfer
from settlement.netting.models import Carry, CloseStep, Conversion, NettingRun, PairTotal, PlannedPayment, Position
from settlement.payments.models import (
    BankEntry,
    BankFile,
    DunningLetter,
    DunningNotice,
    Mandate,
    PaymentMatch,
    PaymentOrder,
    PaymentRelease,
)
from settlement.statements.models import NumberSeries, Statement, StatementLine
from settlement.tax.models import TaxDeclaration
from settlement.terms.models import (
    AccountChange,
    ExchangeRate,
    NettingExclusion,
    NettingSet,
    PaymentDetails,
    RateProposal,
    SettlementTerms,
    TaxProfile,
)

__all__ = [
    "Acceptance",
    "Account",
    "AccountChange",
    "Adjustment",
    "BalanceAssertion",
    "BankEntry",
    "BankFile",
    "BooksCheck",
    "Carry",
    "CdrReminder",
    "Charge",
    "ClearingCursor",
    "CloseStep",
    "Conversion",
    "DayTotal",
    "Dispute",
    "DisputeFile",
    "DisputeMessage",
    "Document",
    "DunningLetter",
    "DunningNotice",
    "Entry",
    "ExchangeRate",
    "Finding",
    "Hold",
    "IssuedInvoice",
    "Mandate",
    "MarketPrice",
    "MeterKey",
    "NettingExclusion",
    "NettingRun",
    "NettingSet",
    "NumberSeries",
    "PairTotal",
    "PaymentDetails",
    "PaymentMatch",
    "PaymentOrder",
    "PaymentRelease",
    "PlannedPayment",
    "Position",
    "RateProposal",
    "ReconciliationRecord",
    "Repricing",
    "RuleChange",
    "RunSeal",
    "SettlementPeriod",
    "SettlementTerms",
    "SignedReading",
    "Statement",
    "StatementLine",
    "StatementSeal",
    "TaxDeclaration",
    "TaxProfile",
    "Transfer",
]
