"""What the register has of the people of a chunk, read as fast as it can be."""

from django.db import connection
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

from registry.models import DataSubject, JournalEntry
from registry.models.among import among


def of_crm(operator, ids):
    """The people of these CRM ids. PostgreSQL looks each up by itself: without statistics of a table that an import has just
    filled it would take an index that begins with the operator, and walk through everybody."""
    if connection.vendor != "postgresql":
        return Q(among("crm_id", ids), operator=operator)
    table = DataSubject._meta.db_table
    one = f"SELECT id FROM {table} one WHERE one.operator_id = %s AND one.crm_id = wanted"
    return Q(RawSQL(f"{table}.id IN (SELECT ({one}) FROM unnest(%s::text[]) wanted)", [operator, ids], BooleanField()))


def values_of(records):
    """Stored rows as dicts. What Django makes of a column's values is made once of each that differs, not row by row."""
    names = [each.attname for each in records.model._meta.concrete_fields]
    compiler = records.values_list(*names).query.get_compiler(connection=connection)
    with connection.cursor() as cursor:
        cursor.execute(*compiler.as_sql())
        columns = list(zip(*cursor.fetchall(), strict=True))
    converters = compiler.get_converters([expression for expression, _sql, _alias in compiler.select])
    for place, (converts, expression) in converters.items() if columns else ():
        made = {}
        for value in set(columns[place]):
            made[value] = value
            for convert in converts:
                made[value] = convert(made[value], expression, connection)
        columns[place] = map(made.__getitem__, columns[place])
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def written_by_hand(uids):
    """Those of these records that were ever written by another than an import."""
    written = JournalEntry.objects.filter(object_uid__in=uids, history_id__isnull=False, run=None).order_by()
    return set(written.values_list("object_uid", flat=True))
