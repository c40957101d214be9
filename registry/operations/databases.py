"""Merging two databases: an act that the incompatibility of their purposes can refuse."""

from django.db import transaction

from registry.journal import record, unit_of_work
from registry.models import Database
from registry.models.compatibility import incompatible_pairs, merge_facts
from registry.models.gate import refuse
from registry.rules.compatibility import merge_blockers


def merge(database: Database, into: Database, *, by, role="system", reason="") -> int:
    """Moves whatever activities keep in the one database into the other, and closes the first; returns how many activities moved.

    Done already it changes nothing and returns 0. Raises ValidationError while a blocker stands (policies 5.3 and 6.3), and where an
    active activity would lose what it stands on, its base in Kazakhstan for one; nothing is moved then.
    """
    with unit_of_work(by=by, role=role, operator=database.operator, reason=reason), transaction.atomic():
        database, into = locked(database, into)
        if database.merged_into_id == into.pk:
            return 0
        refuse(blockers(database, into), operator=database.operator)
        moved = [move(link, into) for link in database.activities.select_related("activity").order_by("pk")]
        database.merged_into = into
        database.full_clean()
        database.save()
        record("database.merge", object_type="database", uid=database.uid, count=len(moved))
        return len(moved)


def blockers(database, into):
    """Why the first must not be merged into the second; empty means open."""
    return merge_blockers(merge_facts(database, into), incompatible_pairs(database.operator_id))


def locked(*databases):
    """The records as they are now; nobody merges or changes them until this transaction ends."""
    ids = [each.pk for each in databases]
    found = Database.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk").in_bulk()
    return [found[pk] for pk in ids]


def move(link, into):
    """An activity that keeps its data in both keeps them in one."""
    if link.activity.databases.filter(database=into).exists():
        link.delete()
    else:
        link.database = into
        link.full_clean()
        link.save()
    return link
