"""Waiting for a partner: never inside a transaction, and never twice at once for the same question."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable


class TransactionOpen(RuntimeError):
    """Code of ours asked a partner inside a transaction, which would hold locks for as long as the partner likes."""


class StillInFlight(Exception):
    """The same request is being answered already, and did not come to an end in time."""


def refuse_open_transaction() -> None:
    """This function will raise TransactionOpen where the caller holds a transaction (the one of a test case does not count)."""
    try:
        with transaction.atomic(durable=True):
            pass
    except RuntimeError:
        raise TransactionOpen("a partner must not be asked while a transaction is open") from None


@contextmanager
def one_at_a_time(key: str) -> Iterator[None]:
    """This function will let one process at a time pass with this key; the next one then finds what the first wrote.

    The lock belongs to the connection and not to a transaction: none may be open while a partner is asked. It raises
    StillInFlight after PostgreSQL's lock_timeout.
    """
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 1))", [key])
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise StillInFlight("the same request is still being answered") from error
            raise
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 1))", [key])
