"""The admin's pages of money: runs, statements, holds, payments, positions, books and terms, and CDRs with what became of them.

Registered by being imported. Whatever moves money goes through the verbs of the domain with the person's own role; a refusal is shown.
"""

from settlement.admin import books, cdrs, disputes, holds, letters, payments, positions, quality, rules, runs, statements

__all__ = ["books", "cdrs", "disputes", "holds", "letters", "payments", "positions", "quality", "rules", "runs", "statements"]
