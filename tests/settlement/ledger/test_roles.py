"""What the application's own role can do to the ledger: add to it. Privileges, not manners."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from settlement.models import Entry, Transfer
from tests.builders.charges import CUT_OFF_NOVEMBER, NOVEMBER, some_terms
from tests.builders.months import charge, close

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def roles() -> Iterator[None]:
    some_terms()
    charge("A", "B", "100.00")
    close()
    call_command("database_roles", app="test_app", reader="test_reader", apply=True, verbosity=0)
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def become(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {role}")


def refusal(statement: str) -> str:
    with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(refused.value)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE settlement_transfer SET amount_minor = 1", "permission denied"),
        ("DELETE FROM settlement_entry", "permission denied"),
        ("TRUNCATE settlement_charge", "permission denied"),
        ("DELETE FROM roaming_cdr", "permission denied"),
        ("UPDATE settlement_paymentmatch SET amount = 1", "permission denied"),
        ("UPDATE settlement_paymentrelease SET released_by = ''", "permission denied"),
        ("ALTER TABLE settlement_transfer DISABLE TRIGGER ALL", "must be owner"),
        ("DROP TRIGGER settlement_transfer_append_only ON settlement_transfer", "must be owner"),
        ("SET session_replication_role = replica", "permission denied"),
    ],
)
def test_the_application_cannot_change_what_is_sealed(statement: str, why: str) -> None:
    become("test_app")
    before = (Entry.objects.count(), Transfer.objects.count())
    assert why in refusal(statement)
    assert (Entry.objects.count(), Transfer.objects.count()) == before == (1, 1)


def test_both_roles_may_log_in_and_neither_is_more_than_it_must_be() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls FROM pg_roles"
            " WHERE rolname IN ('test_app', 'test_reader')"
        )
        assert set(cursor.fetchall()) == {(True, False)}


def test_the_application_can_do_its_work() -> None:
    charge("A", "B", "50.00")
    become("test_app")
    assert close(NOVEMBER, at=CUT_OFF_NOVEMBER).positions()["B"] == 50
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE roaming_exchange_y (LIKE roaming_exchange)")


def test_readers_read_money_and_nothing_else() -> None:
    become("test_reader")
    assert Entry.objects.count() == 1
    for statement in ("INSERT INTO settlement_numberseries VALUES (1)", "SELECT * FROM hub_user", "SELECT * FROM roaming_credential"):
        assert "permission denied" in refusal(statement)


def test_every_guard_holds_in_replica_mode_too() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'A'"
            " AND (tgname LIKE '%append_only' OR tgname LIKE '%no_truncate' OR tgname LIKE '%frozen' OR tgname LIKE '%gate'"
            " OR tgname LIKE '%sealed') AND tgparentid = 0"
        )
        assert cursor.fetchall() == []
