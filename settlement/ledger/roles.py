"""Three roles of the database: the owner migrates, the application adds, readers read (finance §1.2).

The triggers refuse changes of sealed tables to everybody; privileges refuse them before any trigger is asked, and take away what
could put a trigger aside. What an owner or superuser could still do is caught by heads and hashes that partners hold.
"""

from collections.abc import Iterator

from django.db import connection
from psycopg import sql

# Reports read money and what it was charged for; not people, not secrets, not what travelled.
_READABLE = ("roaming_cdr", "roaming_party", "roaming_partyrole", "roaming_platform", "roaming_roamingagreement", "roaming_sealedblock")
_READABLE_BELOW = "settlement_"

_SEALED = "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%\\_append\\_only' ORDER BY 1"
# Days of exchanges are made and dropped by the application: it owns these tables, and nothing sealed is among them.
_OF_ITS_OWN = """
SELECT 'roaming_exchange' UNION ALL
SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'roaming_exchange'::regclass ORDER BY 1
"""


def role_statements(*, app: str, reader: str) -> Iterator[str]:
    """This function will yield the SQL that makes both roles (without a password) and gives them what they need, and no more.

    Run as owner after each migration: new tables get their privileges then.
    """
    for role in (app, reader):
        yield _make_role(role)
        yield _written("ALTER ROLE {} LOGIN", name=role)
        yield _written("GRANT USAGE ON SCHEMA public TO {}", name=role)
    yield _written("GRANT {} TO CURRENT_USER", name=app)
    yield _written("GRANT CREATE ON SCHEMA public TO {}", name=app)
    yield _written("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}", name=app)
    yield _written("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}", name=app)
    for table in _listed(_SEALED):
        yield _written(f"REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES ON {table} FROM {{}}", name=app)
    for table in _listed(_OF_ITS_OWN):
        yield _written(f"ALTER TABLE {table} OWNER TO {{}}", name=app)
    readable = [table for table in _tables() if table.startswith(_READABLE_BELOW) or table in _READABLE]
    yield _written(f"GRANT SELECT ON {', '.join(readable)} TO {{}}", name=reader)


def _make_role(name: str) -> str:
    with connection.cursor() as cursor:
        quoted = sql.Literal(name).as_string(cursor.cursor)
    made = _written("CREATE ROLE {}", name=name)
    return f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {quoted}) THEN {made} END IF; END $$;"


def _written(statement: str, *, name: str) -> str:
    with connection.cursor() as cursor:
        return statement.format(sql.Identifier(name).as_string(cursor.cursor)) + ";"


def _listed(query: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [row[0] for row in cursor.fetchall()]


def _tables() -> list[str]:
    return sorted(connection.introspection.table_names())
