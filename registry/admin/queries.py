"""Questions to the database that are asked together: each takes its way there and back."""

from collections import Counter
from collections.abc import Iterable, Mapping

from django.db.models import Count, QuerySet, Value


def at_once(queries: list) -> Iterable:
    """What several queries of the same columns find, in no order."""
    return queries[0].union(*queries[1:], all=True) if queries else ()


def how_many(named: Mapping[str, QuerySet]) -> Counter:
    """How many rows each of these queries finds, by its name; they are neither cut nor joined to many."""
    counts = [rows.order_by().values(of=Value(name)).annotate(number=Count("pk")) for name, rows in named.items()]
    return Counter({each["of"]: each["number"] for each in at_once(counts)})
