"""Rows straight into their tables: COPY on PostgreSQL, executemany on SQLite. What history and journal say of them is bulk.py's."""

from functools import cache, lru_cache
from uuid import UUID

from django.db import connection, models


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


def insert(model, rows):
    """Inserts dicts of attname → value, ids included; a column that the dicts lack takes the field's default."""
    if not rows:
        return
    fields = [field for field in model._meta.concrete_fields if field.attname in rows[0]]
    if len(fields) != len(rows[0]):
        raise ValueError(f"{model._meta.label}: unknown columns {set(rows[0]) - {field.attname for field in fields}}")
    names = [field.attname for field in fields]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    tuples = _prepared(fields, ([row[name] for name in names] for row in rows))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Django translates what execute() raises, not what COPY does: callers retry on Django's errors.
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in tuples:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuples)


def update(model, rows, attnames):
    """Sets these columns of rows given as dicts with their `id`."""
    if not rows:
        return
    fields = [model._meta.get_field(name) for name in attnames]
    sets = ", ".join(f"{connection.ops.quote_name(field.column)} = %s" for field in fields)
    fields.append(model._meta.pk)
    names = [field.attname for field in fields]
    tuples = list(_prepared(fields, ([row[name] for name in names] for row in rows)))
    table, key = connection.ops.quote_name(model._meta.db_table), connection.ops.quote_name(model._meta.pk.column)
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {sets} WHERE {key} = %s", tuples)


def delete(model, ids):
    """Deletes rows by id. The database refuses where another record still refers to one of them."""
    table, key = connection.ops.quote_name(model._meta.db_table), connection.ops.quote_name(model._meta.pk.column)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DELETE FROM {table} WHERE {key} = ANY(%s)", [list(ids)])
        else:
            cursor.executemany(f"DELETE FROM {table} WHERE {key} = %s", [(each,) for each in ids])


def _prepared(fields, rows):
    """Values as the driver takes them. psycopg takes Python's; SQLite wants uids and dates as text."""
    conversions = [(place, convert) for place, field in enumerate(fields) if (convert := _conversion(field))]
    for row in rows:
        for place, convert in conversions:
            if row[place] is not None:
                row[place] = convert(row[place])
        yield row


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
def _conversion(field):
    if isinstance(field, AS_IS) or (connection.vendor == "postgresql" and not isinstance(field, models.JSONField)):
        return None
    if isinstance(field, models.UUIDField):
        return lambda value: value.hex if isinstance(value, UUID) else UUID(value).hex
    # Dates repeat: one conversion serves a thousand rows.
    return lru_cache(4096)(lambda value: field.get_db_prep_save(value, connection))
