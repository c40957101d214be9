"""A condition with thousands of values in it."""

import json

from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL


def among(column, values):
    """Whether the column holds one of these values, all of them in one parameter: `__in` would look at each of them."""
    if connection.vendor == "postgresql":
        return RawSQL(f"{column} = ANY(%s)", [values], BooleanField())
    return RawSQL(f"{column} IN (SELECT value FROM json_each(%s))", [json.dumps(values)], BooleanField())
