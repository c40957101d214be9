"""What changed, one field a line: from what to what, by whom, why, under which number of the journal, and the export's mark."""

import datetime as dt
import itertools
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import orjson
from django.apps import apps
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from registry.exports import xlsx
from registry.exports.formulas import Phone
from registry.exports.stream import BYTE_ORDER_MARK, Sealed, csv_cell, csv_line, end
from registry.exports.trace import TRACE, Marks
from registry.exports.trail import pieces, shown
from registry.journal import record, unit_of_work
from registry.journal.canonical import PLAIN_TEXT, plain_value
from registry.journal.history import history_model
from registry.journal.models import JournalEntry, JournalSubject
from registry.journal.touched import persons_found_later
from registry.models import PERSONAL, DataSubject, User
from registry.rules.dates import HOME_ZONE

COLUMNS = ["seq", "n", "when", "actor", "role", "object", "uid", "field", "old", "new", "reason", TRACE]
MASK = "(personal)"


class Told(NamedTuple):
    """What the journal tells of one written row."""

    seq: int
    n: int | None
    at: dt.datetime
    actor: int | None
    body: str
    operator: str
    object_type: str
    object_uid: object
    history_id: int


class Changed(NamedTuple):
    """What one entry changed: what is said of the entry, its reason, and (field, old, new, mark) of each field."""

    about: list
    reason: str
    fields: list[tuple]

    def cells(self) -> Iterator[list]:
        for field, old, new, mark in self.fields:
            yield [*self.about, field, old, new, self.reason, mark]

    def text(self) -> str:
        """The lines of a CSV; what all have in common is written once."""
        about, reason = ",".join(map(csv_cell, self.about)), csv_cell(self.reason)
        return "".join(
            f"{about},{field},{old and csv_cell(old)},{new and csv_cell(new)},{reason},{mark}\r\n"
            for field, old, new, mark in self.fields
        )


def file(run, last_seq, operator_code="", subject=None, personal_of=frozenset(), *, role, first=1, format="csv"):
    """What changed, from entry `first` to `last_seq`, as csv or xlsx with the same lines; the trailer names the export run. `role` is that
    of who exports."""
    changed = entries(run, last_seq, operator_code, subject, personal_of, role=role, first=first)

    def trailer(count, sha256):
        return end(count, sha256, run.uid)

    if format == "xlsx":
        rows = (cells for each in changed for cells in each.cells())
        return xlsx.file([], COLUMNS, rows, sheet=_("Changes"), about=_("About this file"), end=trailer)
    begun = (BYTE_ORDER_MARK + csv_line(COLUMNS), 0)
    lines = ((each.text(), len(each.fields)) for each in changed)
    return Sealed(itertools.chain([begun], lines), lambda *said: csv_line(trailer(*said)))


def entries(
    run, last_seq, operator_code="", subject=None, personal_of=frozenset(), *, role, first=1
) -> Iterator[Changed]:
    """What each entry changed; personal values and reasons only of the operators in `personal_of`, and of nobody who is blocked, else masked.
    As of a list, entries of the journal name the people of each piece before it leaves."""
    actors, codes, marks = {None: "system"}, Codes(), Marks(run.salt)
    for start, stop in pieces(first, last_seq):
        journal = JournalEntry.objects.filter(
            shown(operator_code, subject), seq__gte=start, seq__lte=stop, history_id__isnull=False
        )
        told = list(map(Told._make, journal.order_by("seq").values_list(*Told._fields)))
        found = history_of(told)
        name_actors(actors, {entry.actor for entry in told})
        codes.forget_if_many()
        for object_type, of_type in found.items():
            codes.learn(object_type, [row for pair in of_type.values() for row in pair if row is not None])
        people = people_of(told)
        tell(run, role, told, people)
        held = of_blocked(told, found, people)
        for entry in told:
            row, before = found[entry.object_type].get(entry.history_id, (None, None))
            if row is not None:
                shows_personal = entry.operator in personal_of and entry.seq not in held
                yield changed_by(entry, row, before, actors, codes, marks, shows_personal)


def people_of(told):
    """Uids of the people that entries touch, by the number of the entry."""
    found = {}
    if told:
        numbers = {entry.seq for entry in told}
        touched = JournalSubject.objects.filter(entry_id__gte=told[0].seq, entry_id__lte=told[-1].seq).order_by()
        for seq, uid in touched.values_list("entry_id", "uid").iterator():
            if seq in numbers:
                found.setdefault(seq, []).append(uid)
    return found


def tell(run, role, told, people):
    """In the journal of each operator whose people they are: an export over all operators is an export of each."""
    if named := list(people_by_operator(told, people)):
        with unit_of_work(by=run.started_by, role=role, operator=run.operator):
            for code, uids, count in named:
                record("list", operator=code, object_type="datasubject", uids=uids, count=count, run=run.pk)


def people_by_operator(told, people):
    """(code, uids of people, how many entries) of each operator that has entries which touch somebody."""
    numbers = {}
    for entry in told:
        numbers.setdefault(entry.operator, []).append(entry.seq)
    for code, of_operator in numbers.items():
        if uids := list(dict.fromkeys(uid for seq in of_operator for uid in people.get(seq, ()))):
            yield code, uids, len(of_operator)


def of_blocked(told, found, people):
    """Numbers of the entries that are about people who are blocked now: their values are stored only.

    A request, a message and what hangs on them count as whole: what was written before the person was found is theirs, too.
    """
    blocked = DataSubject.objects.filter(state=DataSubject.State.BLOCKED).order_by()
    if not told or not blocked.exists():
        return set()
    uids = {uid for of_entry in people.values() for uid in of_entry}
    uids = set(blocked.filter(uid__in=uids).values_list("uid", flat=True))
    held = {seq for seq, of_entry in people.items() if not uids.isdisjoint(of_entry)}
    for object_type, of_type in found.items():
        persons = persons_found_later(object_type, {row[ID] for row, _before in of_type.values()})
        ids = set(blocked.filter(pk__in=set().union(*persons.values())).values_list("pk", flat=True)) if persons else ()
        records = {pk for pk, of_record in persons.items() if not of_record.isdisjoint(ids)}
        rows = {history_id for history_id, (row, _before) in of_type.items() if row[ID] in records}
        held |= {entry.seq for entry in told if entry.object_type == object_type and entry.history_id in rows}
    return held


def changed_by(entry, row, before, actors, codes, marks, shows_personal):
    at = entry.at.astimezone(HOME_ZONE).isoformat(timespec="microseconds")
    role = orjson.loads(entry.body).get("role", "")
    about = [entry.seq, entry.n, at, actors[entry.actor], role, entry.object_type, entry.object_uid]
    reason = row[REASON] or ""
    reason = reason if shows_personal or not reason else MASK
    mark_of, fields = marks.after(about), []
    for field, old, new, is_personal in differences(fields_of(entry.object_type), row, before, codes):
        if is_personal and not shows_personal:
            old, new = MASK if old else old, MASK if new else new
        fields.append((field, old, new, mark_of((field, old, new, reason))))
    return Changed(about, reason, fields)


# A history row as a tuple: these three, then the tracked fields.
ID, TYPE, REASON, TRACKED = 0, 1, 2, 3


class Field(NamedTuple):
    """A tracked field: where it stands in a row, how its value is shown, whether it is plain text as stored."""

    name: str
    place: int
    show: object
    is_personal: bool
    is_text: bool
    links_to: type | None


def history_of(told):
    """History rows of the entries, each with the row before it, by object type and history id."""
    wanted, found = {}, {}
    for entry in told:
        wanted.setdefault(entry.object_type, []).append(entry.history_id)
    for object_type, ids in wanted.items():
        rows = read(object_type, ids)
        # What was created had nothing before it: most rows of an import are spared the question.
        later = [history_id for history_id, row in rows.items() if row[TYPE] != "+"]
        before = before_these(object_type, later) if later else {}
        earlier = read(object_type, [each for each in before.values() if each not in rows]) | rows
        found[object_type] = {pk: (row, earlier.get(before.get(pk))) for pk, row in rows.items()}
    return found


def read(object_type, ids):
    """Rows of a history as tuples, by history id; others may be among them."""
    if not ids:
        return {}
    names = [field.name for field in fields_of(object_type)]
    history = history_named(object_type).objects.filter(among(ids)).order_by()
    rows = history.values_list("history_id", "id", "history_type", "history_change_reason", *names)
    return {history_id: row for history_id, *row in rows.iterator()}


def before_these(object_type, ids):
    """Of each history row the one before it of the same record, where there is one."""
    history = history_named(object_type).objects
    earlier = history.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id")).order_by("-history_id")
    rows = (
        history.filter(among(ids))
        .exclude(history_type="+")
        .order_by()
        .annotate(before=Subquery(earlier.values("history_id")[:1]))
    )
    return {history_id: before for history_id, before in rows.values_list("history_id", "before") if before}


def among(ids):
    """A condition that these history rows fulfil, and few others: those of an import lie together, and a range is read faster."""
    first, last = min(ids), max(ids)
    if last - first < 2 * len(ids):
        return Q(history_id__gte=first, history_id__lte=last)
    return Q(history_id__in=ids)


def history_named(object_type):
    return history_model(apps.get_model("registry", object_type))


@cache
def fields_of(object_type):
    """The tracked fields of a model in the order of its history, without its key."""
    history = history_named(object_type)
    classes = history.instance_type.FIELD_CLASSES
    tracked = [history._meta.get_field(each.name) for each in history.tracked_fields if not each.primary_key]
    return [
        Field(
            field.name,
            place,
            shower(field),
            classes.get(field.name) == PERSONAL,
            type(field) in PLAIN_TEXT,
            field.related_model if isinstance(field, models.ForeignKey) else None,
        )
        for place, field in enumerate(tracked, TRACKED)
    ]


def shower(field):
    """How a value of the field is shown; what is not plain text goes through its canonical value."""
    if field.name == "phone":
        return Phone
    if type(field) in PLAIN_TEXT:
        return str
    if type(field) is models.UUIDField:
        return str
    if type(field) is models.DateField:
        return dt.date.isoformat
    if type(field) is models.BooleanField:
        return {True: "true", False: "false"}.__getitem__
    return lambda value: shown_value(plain_value(field, value))


def shown_value(value):
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return str(value)


def differences(fields, row, before, codes):
    """(field, old, new, personal?) of each tracked field that differs; a deleted record loses every value."""
    is_gone = row[TYPE] == "-"
    for name, place, show, is_personal, is_text, links_to in fields:
        old = before[place] if before is not None else None
        new = None if is_gone else row[place]
        if old == new or (old is None or old == "") and (new is None or new == ""):
            continue
        if links_to is not None:
            old, new = codes.of(links_to, old), codes.of(links_to, new)
        else:
            old = "" if old is None or old == "" else show(old)
            new = "" if new is None or new == "" else show(new)
            if not is_text and old == new:
                continue
        yield name, old, new, is_personal


def name_actors(actors, ids):
    """User names beside the ids that the journal keeps."""
    if missing := ids - set(actors):
        names = dict(User.objects.filter(pk__in=missing).values_list("pk", "username"))
        actors |= {pk: f"{names[pk]} (#{pk})" if pk in names else f"#{pk}" for pk in missing}


class Codes:
    """What a link points to: the code of a vocabulary entry, else the uid; never a name."""

    MOST = 50_000

    def __init__(self):
        self._known = {}

    def of(self, model, pk):
        return self._known.get((model, pk), f"#{pk}") if pk is not None else ""

    def forget_if_many(self):
        """Between two pieces: within one, what was learned of one type is still to be written."""
        if len(self._known) > self.MOST:
            self._known.clear()

    def learn(self, object_type, rows):
        """Reads, a query for each model, what the links of these history rows point to."""
        wanted = {}
        for field in fields_of(object_type):
            if field.links_to is not None:
                ids = {row[field.place] for row in rows} - {None}
                wanted.setdefault(field.links_to, set()).update(ids)
        for model, ids in wanted.items():
            if missing := {pk for pk in ids if (model, pk) not in self._known}:
                self._learn(model, missing)

    def _learn(self, model, ids):
        names = {field.name for field in model._meta.concrete_fields}
        name = next((name for name in ("code", "uid", "username") if name in names), "pk")
        found = dict(model._base_manager.filter(pk__in=ids).values_list("pk", name))
        if hasattr(model, "history") and (gone := ids - set(found)):
            found |= dict(model.history.filter(id__in=gone).order_by("history_id").values_list("id", name))
        self._known |= {(model, pk): str(value) for pk, value in found.items()}
