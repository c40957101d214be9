"""What an address may ask of a list: to compare fields with values that a row can have. Anything else is no place in a list."""

import datetime as dt

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import FieldError, ValidationError
from django.db import connection, models
from django.db.models.constants import LOOKUP_SEP
from django.db.models.sql import Query
from django.utils import timezone

# What no page shows to anybody.
SECRETS = frozenset({"password", "salt", "token", "token_digest"})
# What a page shows of some records only: a list narrowed by it would tell it of the others.
SHOWN_OF_SOME = frozenset({"registry.ExportRun.reason"})
# Others are patterns and parts of dates: Django looks at few of their values before the database does.
COMPARISONS = frozenset({"exact", "in", "gt", "gte", "lt", "lte", "isnull"})
OF_TEXTS = frozenset({"iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith"})


def check_lookups(model, lookups):
    """Raises IncorrectLookupParameters where a lookup, `{path: values}`, is no comparison or no row can have its value."""
    for path, values in lookups.items():
        try:
            *_way, columns, comparison = Query(model).names_to_path(path.split(LOOKUP_SEP), model._meta)
        except FieldError:
            raise IncorrectLookupParameters from None
        check(columns[-1], LOOKUP_SEP.join(comparison) or "exact", values)


def check(field, comparison, values):
    if field.name in SECRETS or str(field) in SHOWN_OF_SOME:
        raise IncorrectLookupParameters
    is_text = isinstance(field, models.CharField | models.TextField)
    if comparison not in (COMPARISONS | OF_TEXTS if is_text else COMPARISONS):
        raise IncorrectLookupParameters
    if comparison == "isnull":
        return
    for value in values:
        for each in value if isinstance(value, list) else [value]:
            storable(field, each)


def storable(field, value):
    """The value as a row would have it; raises IncorrectLookupParameters where none can: no database takes it then."""
    if isinstance(field, models.BinaryField):  # bytes have no text to be asked for
        raise IncorrectLookupParameters
    try:
        value = field.to_python(value)
    except (ValidationError, ValueError, OverflowError):
        raise IncorrectLookupParameters from None
    if isinstance(value, dt.datetime):
        if not dt.MINYEAR < value.year < dt.MAXYEAR:  # at the ends of the calendar other zones have no such day
            raise IncorrectLookupParameters
        return timezone.make_aware(value) if timezone.is_naive(value) else value
    if isinstance(field, models.IntegerField) and value is not None:
        least, most = connection.ops.integer_field_range(field.get_internal_type())
        if not least <= value <= most:
            raise IncorrectLookupParameters
    return value
