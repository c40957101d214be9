"""Questions to the database that are asked together: each takes its way there and back."""

from collections.abc import Iterable


def at_once(queries: list) -> Iterable:
    """What several queries of the same columns find, in no order."""
    return queries[0].union(*queries[1:], all=True) if queries else ()
