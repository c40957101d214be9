"""Whose trail must lead to an entry: worked out anew from its body and the history, against what the trail says."""

from functools import cache

from django.apps import apps
from django.utils.translation import gettext as _

from .models import JournalSubject

PERSON = "datasubject"
NOBODY = None


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
        if must - leads or unsure and NOBODY not in unsure and not leads & unsure:
            yield entry.seq, _("the trail of a person it is about does not lead to it")
        if leads - must - unsure:
            yield entry.seq, _("the trail of a person it is not about leads to it")


def persons_found_later(object_type, ids):
    """Ids of the people each of these records (by id) was about at any time, where its person may be found after it is written.

    Empty for what is about one person from the beginning.
    """
    if not ids or object_type not in _found_later():
        return {}
    return {pk: persons - {NOBODY} for pk, persons in _of_records(object_type, ids).items()}


def _expected(piece, bodies):
    """People by entry: those one of whom it may be about (a reading, of a record that went over to another), those it is."""
    people = _people(piece)
    allowed, required = {}, {}
    for entry in piece:
        named = required[entry.seq] = set(bodies[entry.seq].get("uids") or ())
        about = people.get((entry.object_type, entry.history_id or entry.object_uid), set())
        if len(about) == 1 and NOBODY not in about:
            named |= about
        else:
            allowed[entry.seq] = about - named
    return allowed, required


def _people(piece):
    """Uids of people by (object type, history row), for a reading by (object type, uid of the record).

    NOBODY is among them where the record was about nobody, at least for a time: a request whose person is not found yet.
    """
    people, about = {}, {}
    rows, records = {}, {}
    for entry in piece:
        if entry.object_type == PERSON and entry.object_uid:
            people[PERSON, entry.history_id or entry.object_uid] = {str(entry.object_uid)}
        elif entry.object_type in _links() or entry.object_type in _parents():
            wanted, key = (rows, entry.history_id) if entry.history_id else (records, entry.object_uid)
            wanted.setdefault(entry.object_type, set()).add(key)
    for wanted, name in ((rows, "history_id"), (records, "uid")):
        for object_type, keys in wanted.items():
            for key, persons in _persons(object_type, name, keys - {None}):
                about.setdefault((object_type, key), set()).update(persons)
    uids = _uids(set().union(*about.values())) | {NOBODY: NOBODY}
    return people | {key: {uids[each] for each in persons if each in uids} for key, persons in about.items()}


def _persons(object_type, name, keys):
    """Pairs of a key and the ids of people its history rows point to, by themselves or through the records they hang on."""
    history = apps.get_model("registry", object_type).history.filter(**{f"{name}__in": keys}).order_by()
    if object_type in _links():
        for key, *persons in history.values_list(name, *_links()[object_type]).iterator():
            yield key, set(persons) - {None} or {NOBODY}
        return
    parents = _parents()[object_type]
    rows = list(history.values_list(name, *parents))
    of_parents = [
        _of_records(parent, {row[place] for row in rows} - {None}) for place, parent in enumerate(parents.values(), 1)
    ]
    for key, *ids in rows:
        yield key, set().union(*(of.get(pk, set()) for of, pk in zip(of_parents, ids, strict=True))) or {NOBODY}


def _of_records(object_type, ids):
    """The people each of these records was about at any time, by its id."""
    found = {}
    for pk, persons in _persons(object_type, "id", ids):
        found.setdefault(pk, set()).update(persons)
    return found


def _uids(ids):
    history = apps.get_model("registry", PERSON).history.filter(id__in=ids - {NOBODY})
    return {pk: str(uid) for pk, uid in history.order_by().values_list("id", "uid").distinct().iterator()}


@cache
def _links():
    """Foreign keys to a person, by tracked model."""
    return {name: list(keys) for name, keys in _keys(lambda related: related == PERSON).items()}


@cache
def _parents():
    """Foreign keys to what is about a person, with its model, by tracked model that has no person of its own."""
    found = _keys(lambda related: related in _links())
    return {name: keys for name, keys in found.items() if name not in _links()}


@cache
def _found_later():
    """Tracked models whose link to a person may be empty, and those that hang on them."""

    def is_open(name):
        fields = apps.get_model("registry", name)._meta
        return any(fields.get_field(key.removesuffix("_id")).null for key in _links()[name])

    named = {name for name in _links() if is_open(name)}
    return named | {name for name, keys in _parents().items() if not named.isdisjoint(keys.values())}


def _keys(wanted):
    """Foreign keys to the wanted models, with the model of each, by tracked model."""
    found = {}
    for model in apps.get_app_config("registry").get_models():
        keys = {
            field.attname: field.related_model._meta.model_name
            for field in model._meta.concrete_fields
            if field.related_model is not None and wanted(field.related_model._meta.model_name)
        }
        if keys and hasattr(model, "history"):
            found[model._meta.model_name] = keys
    return found
