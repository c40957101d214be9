"""Which purposes a database serves, which of an operator's purposes are incompatible, and what is found about databases."""

from collections import defaultdict

from registry.rules.compatibility import Incompatible, KeptFacts, MergeFacts, kept_blockers, together_blockers
from registry.rules.localisation import copy_blockers

from .activity import ProcessingActivity
from .activity_links import ActivityDatabase, ActivityPurpose
from .purpose import IncompatiblePurposes
from .storage import Database


def incompatible_pairs(operator_id) -> list[Incompatible]:
    rows = IncompatiblePurposes.objects.filter(operator=operator_id).select_related("purpose", "other", "clause")
    return [row.as_pair() for row in rows]


def purposes_in(database, without=None) -> frozenset[int]:
    """Ids of the purposes that activities, `without` left aside, serve with the data kept in the database."""
    links = ActivityPurpose.objects.filter(activity__databases__database=database)
    links = links.exclude(activity__status=ProcessingActivity.Status.ENDED)
    if without is not None:
        links = links.exclude(activity=without)
    return frozenset(links.values_list("purpose", flat=True))


def database_added(link):
    """Why an activity must not keep its data in a database, by the purposes it serves."""
    own = frozenset(link.activity.purposes.values_list("purpose", flat=True))
    if link.activity.status == ProcessingActivity.Status.ENDED:
        return []
    return together_blockers(
        str(link.database), purposes_in(link.database, without=link.activity), own, incompatible_pairs(link.operator_id)
    )


def purpose_added(link):
    """Why an activity must not serve a purpose, by the databases it keeps its data in."""
    found, pairs = [], incompatible_pairs(link.operator_id)
    if not pairs or link.activity.status == ProcessingActivity.Status.ENDED:
        return []
    for each in link.activity.databases.select_related("database"):
        kept = purposes_in(each.database) - {link.purpose_id}
        found += together_blockers(str(each.database), kept, frozenset({link.purpose_id}), pairs)
    return found


def findings_in(operator, databases):
    """(database, what is found about it) for these of the operator: activities that keep data there, abroad, without a base in
    Kazakhstan beside it, and incompatible purposes that it serves, declared after the data came in. A fixed number of queries.
    """
    laws = tuple(operator.laws.values_list("law__code", flat=True))
    pairs = tuple(incompatible_pairs(operator.pk))
    links = ActivityDatabase.objects.filter(database__in=databases).select_related("activity")
    links = links.exclude(activity__status=ProcessingActivity.Status.ENDED)
    kept = defaultdict(list)
    for link in links.prefetch_related("activity__databases__database", "activity__purposes"):
        kept[link.database_id].append(link.activity)
    for each in databases:
        yield each, _found(each, kept[each.pk], laws, pairs)


def _found(database, activities, laws, pairs):
    beside = {str(each): tuple(link.database.facts() for link in each.databases.all()) for each in activities}
    purposes = frozenset(link.purpose_id for each in activities for link in each.purposes.all())
    kept = KeptFacts(str(database), purposes, purposes, pairs)
    return [*copy_blockers(laws, database.facts(), beside), *kept_blockers(kept)]


def shared_by(declared):
    """The databases that serve both of the purposes just declared incompatible, by name."""
    kept = Database.objects.filter(merged_into=None, operator=declared.operator).order_by("code")
    return [each for each in kept if {declared.purpose_id, declared.other_id} <= purposes_in(each)]


def merge_facts(database, into) -> MergeFacts:
    return MergeFacts(
        name=str(database),
        into=str(into),
        is_same=database.pk == into.pk,
        merged_into=str(database.merged_into) if database.merged_into_id else "",
        target_merged_into=str(into.merged_into) if into.merged_into_id else "",
        purposes=purposes_in(database),
        target_purposes=purposes_in(into),
    )
