"""How the database is reached."""

import pytest
from django.db import connection

from config.settings import database


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", "-c jit=off"),
        ("?options=-c%20statement_timeout%3D5s", "-c jit=off -c statement_timeout=5s"),
        ("?sslmode=require", "-c jit=off"),
    ],
)
def test_postgresql_is_asked_to_compile_no_query(query, options):
    """Whatever else its address asks for."""
    assert database(f"postgresql://registry@db/registry{query}")["OPTIONS"]["options"] == options


def test_postgresql_compiles_no_query(db):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite compiles no query")
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
