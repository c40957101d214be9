"""Whose trail must lead to an entry: worked out anew from its body and the history, against what the trail says."""

from functools import cache

from django.apps import apps
from django.utils.translation import gettext as _

from .models import JournalSubject

PERSON = "datasubject"


def misled(piece, bodies):
    """Pairs of an entry's number and a problem, for consecutive entries; `bodies` are what they say, by number."""
    allowed, required = _expected(piece, bodies)
    found = {}
    trail = JournalSubject.objects.filter(entry__gte=piece[0].seq, entry__lte=piece[-1].seq)
    for seq, uid in trail.values_list("entry", "uid"):
        found.setdefault(seq, set()).add(str(uid))
    for entry in piece:
        leads, unsure = found.get(entry.seq, set()), allowed.get(entry.seq, set())
        must = required.get(entry.seq, set())
        if must - leads or unsure and not leads & unsure:
            yield entry.seq, _("the trail of a person it is about does not lead to it")
        if leads - must - unsure:
            yield entry.seq, _("the trail of a person it is not about leads to it")


def _expected(piece, bodies):
    """People by entry: those one of whom it may be about (a reading, of a record that went over to another), those it is."""
    people = _people(piece)
    allowed, required = {}, {}
    for entry in piece:
        named = required[entry.seq] = set(bodies[entry.seq].get("uids") or ())
        about = people.get((entry.object_type, entry.history_id or entry.object_uid), set())
        if len(about) == 1:
            named |= about
        else:
            allowed[entry.seq] = about - named
    return allowed, required


def _people(piece):
    """Uids of people by (object type, history row), for a reading by (object type, uid of the record)."""
    people, links = {}, []
    rows, records = {}, {}
    for entry in piece:
        if entry.object_type == PERSON and entry.object_uid:
            people[PERSON, entry.history_id or entry.object_uid] = {str(entry.object_uid)}
        elif entry.object_type in _links():
            wanted, key = (rows, entry.history_id) if entry.history_id else (records, entry.object_uid)
            wanted.setdefault(entry.object_type, set()).add(key)
    for wanted, name in ((rows, "history_id"), (records, "uid")):
        for object_type, keys in wanted.items():
            history = apps.get_model("registry", object_type).history.filter(**{f"{name}__in": keys - {None}})
            found = history.order_by().values_list(name, *_links()[object_type])
            links += [(object_type, key, person) for key, *people_of in found.iterator() for person in people_of]
    uids = _uids({person for _type, _key, person in links})
    for object_type, key, person in links:
        if person in uids:
            people.setdefault((object_type, key), set()).add(uids[person])
    return people


def _uids(ids):
    history = apps.get_model("registry", PERSON).history.filter(id__in=ids)
    return {pk: str(uid) for pk, uid in history.order_by().values_list("id", "uid").distinct().iterator()}


@cache
def _links():
    """Foreign keys to a person, by tracked model."""
    person = apps.get_model("registry", PERSON)
    links = {}
    for model in apps.get_app_config("registry").get_models():
        names = [field.attname for field in model._meta.concrete_fields if field.related_model is person]
        if names and hasattr(model, "history"):
            links[model._meta.model_name] = names
    return links
