"""Rows straight into their tables: COPY on PostgreSQL, many rows a statement on SQLite. What history and journal say of them is bulk.py's."""

import datetime as dt
import sqlite3
from functools import cache
from io import BytesIO
from itertools import chain
from uuid import UUID

from django.db import connection, models, transaction

from .turns import turn

# Rows in one statement. Many are faster than one by one, eight times where an index for searches hangs on triggers, and only
# a few sizes, so that the driver keeps the statements. SQLite takes 32,766 values in one.
SQLITE_BLOCKS, SQLITE_MARKS = (500, 100, 20, 4, 1), 32_766


def next_ids(model, count):
    """Ids for rows that are inserted next. On SQLite they are free only until the insert: ask, insert, then ask again."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [table, column, count]
            )
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = (cursor.fetchone() or (0,))[0]
    return list(range(last + 1, last + 1 + count))


def reserved_ids(model, count) -> range:
    """Ids that nobody else is given from now on, used or not. SQLite only: on PostgreSQL those of `next_ids` are such ids."""
    named = [model._meta.db_table]
    with turn(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s", [count, *named])
        if not cursor.rowcount:  # no row was ever inserted
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [*named, count])
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", named)
        last = cursor.fetchone()[0]
    return range(last + 1 - count, last + 1)


def insert(model, attnames, *parts):
    """Inserts tuples of the values of these columns, as `stored` or `conversion` made them, or what `packed` made of them; each
    part is one or the other.
    """
    if not any(parts):
        return
    # Django translates what its own execute() raises: callers retry on Django's errors.
    with connection.cursor() as cursor, connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {_table(model, attnames)} FROM STDIN") as copy:
                for rows in parts:
                    if isinstance(rows, bytes):
                        copy.write(rows)
                    else:
                        for row in rows:
                            copy.write_row(row)
        else:
            values = []
            for rows in parts:
                values += rows if isinstance(rows, Flat) else chain.from_iterable(rows)
            _insert_blocks(cursor.cursor, model, tuple(attnames), values)


class Flat(list):
    """The values of rows, one row after another: what one statement of SQLite takes is a slice of it."""


def packed(rows) -> bytes | Flat:
    """Rows as the database takes them: whoever inserts them has nothing left to do but to send them."""
    if connection.vendor != "postgresql":
        return Flat(chain.from_iterable(rows))
    from psycopg import Copy
    from psycopg.copy import FileWriter

    text = BytesIO()
    with connection.cursor() as cursor, Copy(cursor.cursor, writer=FileWriter(text)) as copy:
        for row in rows:
            copy.write_row(row)
    return text.getvalue()


def _insert_blocks(cursor, model, attnames, values):
    """Past Django, which would look for marks of its own in each of these long texts."""
    start = 0
    for size in SQLITE_BLOCKS:
        many = size * len(attnames)
        if many > SQLITE_MARKS:
            continue
        while start + many <= len(values):
            sqlite3.Cursor.execute(cursor, _insert_text(model, attnames, size), values[start : start + many])
            start += many


@cache
def _insert_text(model, attnames, size):
    marks = f"({', '.join('?' * len(attnames))})"
    return f"INSERT INTO {_table(model, attnames)} VALUES {', '.join([marks] * size)}"


def _table(model, attnames):
    names = ", ".join(connection.ops.quote_name(model._meta.get_field(name).column) for name in attnames)
    return f"{connection.ops.quote_name(model._meta.db_table)} ({names})"


def update(model, attnames, rows):
    """Sets these columns; each row is a tuple of their stored values and, last, of its id."""
    if not rows:
        return
    quoted, fields = connection.ops.quote_name, [model._meta.get_field(name) for name in attnames]
    table, key = quoted(model._meta.db_table), quoted(model._meta.pk.column)
    columns = [quoted(field.column) for field in fields]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sets = ", ".join(f"{column} = new.{column}" for column in columns)
            arrays = ", ".join(f"%s::{_bare_type(field)}[]" for field in (*fields, model._meta.pk))
            new = f"unnest({arrays}) AS new ({', '.join(columns)}, {key})"
            columns_of_values = [list(column) for column in zip(*rows, strict=True)]
            cursor.execute(f"UPDATE {table} SET {sets} FROM {new} WHERE {table}.{key} = new.{key}", columns_of_values)
        else:
            sets = ", ".join(f"{column} = %s" for column in columns)
            cursor.executemany(f"UPDATE {table} SET {sets} WHERE {key} = %s", rows)


def _bare_type(field):
    """The type of its column without a length: a cast to it would cut a text that is too long, where the column refuses it."""
    return field.db_type(connection).partition("(")[0]


def delete(model, ids):
    """Deletes rows by id. The database refuses where another record still refers to one of them."""
    table, key = connection.ops.quote_name(model._meta.db_table), connection.ops.quote_name(model._meta.pk.column)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DELETE FROM {table} WHERE {key} = ANY(%s)", [list(ids)])
        else:
            cursor.executemany(f"DELETE FROM {table} WHERE {key} = %s", [(each,) for each in ids])


# What both drivers take as it is, and what they hand over as text.
AS_IS = (
    models.CharField
    | models.TextField
    | models.IntegerField
    | models.BooleanField
    | models.ForeignKey
    | models.BinaryField
)


@cache
def conversion(field, kind):
    """What makes of a value of this class what the driver takes quickly and the column keeps; None where it is as it is."""
    if kind is None or isinstance(field, AS_IS):
        return None
    if isinstance(field, models.UUIDField):
        return lambda value: value.hex if isinstance(value, UUID) else UUID(value).hex
    if kind is dt.date and type(field) is models.DateField:
        return dt.date.isoformat
    if connection.vendor == "postgresql" and not isinstance(field, models.JSONField):
        return None
    return lambda value: field.get_db_prep_save(value, connection)


def stored(model, attname, value):
    """One value as its column keeps it."""
    convert = conversion(model._meta.get_field(attname), None if value is None else value.__class__)
    return convert(value) if convert else value
