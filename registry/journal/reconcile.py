"""Does the register say what its journal says? Live rows, history rows, entries and the head, each against the other."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from .canonical import GENESIS, canonical, chain, commitments, moment, plain_value
from .history import ACTIONS
from .models import JournalEntry, JournalHead
from .touched import misled

CHUNK_ROWS = 2000
COLUMNS = (("actor", "actor"), ("action", "action"), ("operator", "operator"), ("object", "object_type"), ("n", "n"))
COLUMNS += (("row", "history_id"), ("run", "run"))
# What a value raises that is none of its kind: only SQL can have written it.
UNREADABLE = (TypeError, ValueError, AttributeError, ValidationError)


class Finding(NamedTuple):
    """What does not agree. `subject` is a record or an entry; never a value."""

    subject: str
    problem: str

    def __str__(self):
        return f"{self.subject}: {self.problem}"


def tracked_models():
    return [model for model in apps.get_app_config("registry").get_models() if hasattr(model, "FIELD_CLASSES")]


def findings() -> Iterator[Finding]:
    """Everything that does not agree; nothing, where all does. Reads the whole register piece by piece, writes nothing."""
    yield from _entries()
    for model in tracked_models():
        yield from _history(model)
        yield from _live(model)


def pieces(queryset, key):
    """The queryset in lists, ordered by `key`, without holding a cursor open."""
    last = None
    while True:
        piece = list((queryset if last is None else queryset.filter(**{f"{key}__gt": last})).order_by(key)[:CHUNK_ROWS])
        if piece:
            yield piece
        if len(piece) < CHUNK_ROWS:
            return
        last = getattr(piece[-1], key)


def _entries():
    """The chain, the numbers, the columns, and that each entry has its history row; up to the head of this moment."""
    last = JournalEntry.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    head = JournalHead.objects.first() or JournalHead()
    if last > head.seq:
        yield Finding(_("entry %s") % last, _("it stands beyond the journal head"))
    previous, due, numbers, at = GENESIS, 1, {}, None
    for piece in pieces(JournalEntry.objects.filter(seq__lte=head.seq), "seq"):
        bodies = {entry.seq: said(entry) for entry in piece}
        for entry in piece:
            subject = _("entry %s") % entry.seq
            if entry.seq != due:
                yield Finding(subject, _("entry %s before it is missing") % due)
            previous, due, at = chain(previous, entry.body.encode()), entry.seq + 1, entry.at
            if entry.hash != previous.hex():
                yield Finding(subject, _("the hash does not follow from its body and the entry before"))
                previous = bytes.fromhex(entry.hash) if re.fullmatch("[0-9a-f]{64}", entry.hash) else previous
            yield from (Finding(subject, problem) for problem in _columns(entry, bodies[entry.seq]))
            if entry.operator:
                numbers[entry.operator] = numbers.get(entry.operator, 0) + 1
                if entry.n != numbers[entry.operator]:
                    yield Finding(subject, _("its number within the operator is not the next one"))
                    numbers[entry.operator] = entry.n or numbers[entry.operator]
        yield from _rows_of(piece)
        yield from (Finding(_("entry %s") % seq, problem) for seq, problem in misled(piece, bodies))
    if (head.seq, head.hash, head.at, head.numbers) != (due - 1, previous.hex(), at, numbers):
        yield Finding(_("journal head"), _("it is not that of the last entry"))


def said(entry):
    """The body of an entry, empty where it is not canonical."""
    try:
        body = json.loads(entry.body)
        return body if canonical(body).decode() == entry.body else {}
    except (*UNREADABLE, RecursionError):
        return {}


def _columns(entry, body):
    """Columns that do not repeat what the body says."""
    if not body:
        yield _("the body is not canonical")
        return
    repeated = {column: body.get(key) for key, column in COLUMNS}
    repeated |= {"seq": body.get("seq"), "at": body.get("at"), "object_uid": body.get("uid")}
    for column, value in repeated.items():
        stored = getattr(entry, column)
        stored = moment(stored) if column == "at" else str(stored) if column == "object_uid" and stored else stored
        if (stored or None) != value:
            yield _("column %s does not repeat the body") % column


def _rows_of(piece):
    """Entries whose history row is gone."""
    wanted = {}
    for entry in piece:
        if entry.history_id is not None:
            wanted.setdefault(entry.object_type, {})[entry.history_id] = entry.seq
    tracked = {model._meta.model_name: model for model in tracked_models()}
    for object_type, seqs in wanted.items():
        rows = tracked[object_type].history.filter(history_id__in=list(seqs)) if object_type in tracked else None
        found = set(rows.order_by().values_list("history_id", flat=True)) if rows is not None else set()
        for history_id in sorted(set(seqs) - found):
            yield Finding(
                _("entry %s") % seqs[history_id],
                _("its history row %(row)s of %(object)s is missing") % {"row": history_id, "object": object_type},
            )


def _history(model):
    """History rows without an entry, and those that do not open what their entry commits to."""
    name = model._meta.model_name
    for piece in pieces(model.history.all(), "history_id"):
        found = JournalEntry.objects.filter(object_type=name, history_id__in=[row.history_id for row in piece])
        bodies = {entry.history_id: said(entry) | {"seq": entry.seq} for entry in found}
        for row in piece:
            subject = _("%(object)s %(uid)s, history row %(row)s") % {"object": name, "uid": row.uid, "row": row.pk}
            body = bodies.get(row.history_id)
            if body is None:
                yield Finding(subject, _("it has no journal entry"))
                continue
            public, personal = _commitments(row)
            if body.get("public") != public:
                yield Finding(subject, _("its public values are not those its entry %s commits to") % body["seq"])
            if body.get("personal") != personal:
                yield Finding(
                    subject, _("its personal values or its reason are not those its entry %s commits to") % body["seq"]
                )
            if (body.get("uid"), body.get("action")) != (str(row.uid), ACTIONS[row.history_type]):
                yield Finding(subject, _("its entry %s is about another act or record") % body["seq"])


def _commitments(row):
    try:
        return commitments(row)
    except UNREADABLE:
        return "", ""


def _live(model):
    """Live rows that are not as their history left them."""
    name, live = model._meta.model_name, model._base_manager
    for piece in pieces(live.all(), "pk"):
        latest = _latest(model, [record.pk for record in piece])
        for record in piece:
            problems = _differences(record, latest.get(record.pk))
            if problems:  # it may have been saved between the two reads: look once more
                record = live.filter(pk=record.pk).first()
                problems = _differences(record, _latest(model, [record.pk]).get(record.pk)) if record else []
            for problem in problems:
                yield Finding(f"{name} {record.uid}", problem)
    gone = model.history.filter(~Exists(live.filter(pk=OuterRef("id"))))
    for pk in gone.order_by().values_list("id", flat=True).distinct():
        row = _latest(model, [pk])[pk]
        if row.history_type != "-" and not live.filter(pk=pk).exists():
            yield Finding(f"{name} {row.uid}", _("it is gone, but its history knows of no deletion"))


def _latest(model, ids):
    """The latest history row of each record, by its id."""
    return {row.id: row for row in model.history.filter(id__in=ids).order_by("history_id")}


def _differences(record, row):
    if row is None:
        return [_("it has no history")]
    if row.history_type == "-":
        return [_("it is there, but its history ends with its deletion")]
    names = []
    for tracked in row.tracked_fields:
        field = row._meta.get_field(tracked.name)
        if _value(field, row) != _value(field, record):
            names.append(tracked.name)
    problems = [_("field %s is not as its history left it") % name for name in names]
    return problems or [_("field %s does not follow from the others") % name for name in _underived(record)]


def _underived(record):
    """Fields beside the history that are not what is computed from the others."""
    try:
        return [name for name, value in record.derived().items() if getattr(record, name) != value]
    except UNREADABLE:  # the history has the same value then, and does not open its commitment
        return []


def _value(field, row):
    """The canonical value; for one that is none of its kind what stands there."""
    stored = getattr(row, field.attname)
    try:
        return plain_value(field, stored)
    except UNREADABLE:
        return "?", repr(stored)
