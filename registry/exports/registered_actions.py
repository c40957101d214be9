"""Registered actions of art. 8(4)(3)–(6), which 94-V art. 22(1)(5) has an operator record: terms of consents, transfers to third
parties, transfers across the border, publications.

Every row is an entry of the journal, with its number and hash: a third party finds it in the audit trail and computes it anew.
"""

import json
from array import array
from collections.abc import Iterator

from django.apps import apps
from django.utils.translation import gettext as _

from registry.exports import runs, tables
from registry.exports.span import Span
from registry.exports.stream import end
from registry.exports.trace import TRACE, Marks
from registry.journal import record, unit_of_work
from registry.journal.canonical import moment, public_commitment, row_values
from registry.journal.reconcile import UNREADABLE
from registry.models import DataSubject, ExportRun, JournalEntry, JournalHead, JournalSubject

NAME = "registered_actions"
TERM, THIRD_PARTIES, CROSS_BORDER, PUBLICATION = 3, 4, 5, 6
# Which fields of a consent say something of which item of art. 8(4).
OF_CONSENTS = {
    "given_on": TERM, "expires_on": TERM, "until_purpose_reached": TERM, "ended_on": TERM, "withdrawn_at": TERM,
    "third_parties": THIRD_PARTIES, "cross_border": CROSS_BORDER, "publication": PUBLICATION,
    "publication_due_on": PUBLICATION, "conditions_published_on": PUBLICATION, "conditions_url": PUBLICATION,
}  # fmt: skip
# Whatever is written of these is about one item.
OF_RECORDS = {
    "disclosure": THIRD_PARTIES,
    "disclosurecategory": THIRD_PARTIES,
    "crossbordertransfer": CROSS_BORDER,
    "transfercategory": CROSS_BORDER,
    "distributioncondition": PUBLICATION,
}
COLUMNS = ("entry", "hash", "at", "items", "action", "object", "uid", "person", "by", "what", "check")
CHUNK_ENTRIES = 1000
# Whether the values shown are those that the entry commits to.
AS_COMMITTED, DIFFERS, GONE = "as committed", "differs", "gone"


def items_of(object_type, action, fields) -> tuple[int, ...]:
    """The items of art. 8(4) that an entry is about; none for what is not registered. A deleted consent is about all of them."""
    if object_type in OF_RECORDS:
        return (OF_RECORDS[object_type],)
    if object_type != "consent":
        return ()
    if action == "delete":
        return (TERM, THIRD_PARTIES, CROSS_BORDER, PUBLICATION)
    return tuple(sorted({OF_CONSENTS[name] for name in fields or () if name in OF_CONSENTS}))


class RegisteredActions:
    """The report as an export run: journalled before the first byte and after the last, each chunk with whom it is about.

    `span` narrows it by the time of the entries. ValidationError where none lies in it. Read to its end or finished as the file
    of permissions is.
    """

    def __init__(self, operator, span: Span, *, format, by, role, reason=""):
        first, head = span.entries()
        self.first = first or 1
        self.last = head.seq if head else JournalHead.objects.values_list("seq", flat=True).first() or 0
        self.operator, self.format, self.role = operator, format, role
        asked = {"list": NAME, "format": format, **span.asked(first)}
        self.run = runs.start(ExportRun.Kind.LIST, by=by, role=role, operator=operator, reason=reason, filter=asked)
        self.marks = Marks(self.run.salt)
        self.sealed = self.file()

    def __iter__(self) -> Iterator[bytes]:
        yield from self.sealed
        self.finish()

    def finish(self):
        runs.finish(self.run, count=self.sealed.count, digest=self.sealed.digest, role=self.role)

    def file(self):
        return tables.file(self.format, [*COLUMNS, TRACE], self.rows(), sheet=_("Actions"), end=self.end)

    def end(self, count, sha256):
        return end(count, sha256, self.run.uid)

    def rows(self) -> Iterator[list]:
        for entries in self.chunks():
            people = people_of(entries)
            self.tell(people)
            rows, blocked = history_of(entries), blocked_of(people)
            for entry in entries:
                named = people.get(entry.seq, ())
                row = rows.get((entry.object_type, entry.history_id))
                cells = cells_of(entry, named, row, is_blocked=not blocked.isdisjoint(named))
                if cells:
                    yield [*cells, self.marks(cells)]

    def chunks(self):
        """Lists of entries by number. They never change, so no transaction is held over them."""
        told = JournalEntry.objects.filter(
            operator=self.operator.code, object_type__in=["consent", *OF_RECORDS], history_id__isnull=False,
            seq__gte=self.first, seq__lte=self.last,
        )  # fmt: skip
        keys = array("q", told.order_by("seq").values_list("seq", flat=True).iterator(chunk_size=10_000))
        for start in range(0, len(keys), CHUNK_ENTRIES):
            yield list(
                JournalEntry.objects.filter(seq__in=keys[start : start + CHUNK_ENTRIES].tolist()).order_by("seq")
            )

    def tell(self, people):
        uids = list(dict.fromkeys(uid for of_entry in people.values() for uid in of_entry))
        with unit_of_work(by=self.run.started_by, role=self.role, operator=self.operator):
            record("list", object_type="consent", uids=uids, count=len(people), run=self.run.pk)


def people_of(entries):
    """Uids of the people each entry is about, by its number."""
    found = {}
    named = JournalSubject.objects.filter(entry__in=[entry.seq for entry in entries])
    for seq, uid in named.order_by("pk").values_list("entry", "uid"):
        found.setdefault(seq, []).append(uid)
    return found


def blocked_of(people):
    """Those whose data are stored only: that something was done is told, values leave in no file."""
    uids = {uid for of_entry in people.values() for uid in of_entry}
    found = DataSubject.objects.filter(uid__in=uids, state=DataSubject.State.BLOCKED)
    return set(found.values_list("uid", flat=True))


def history_of(entries):
    """The history rows of the entries, by object type and id."""
    wanted, found = {}, {}
    for entry in entries:
        wanted.setdefault(entry.object_type, []).append(entry.history_id)
    for object_type, ids in wanted.items():
        rows = apps.get_model("registry", object_type).history.filter(history_id__in=ids)
        found |= {(object_type, row.history_id): row for row in rows}
    return found


def cells_of(entry, people, row, *, is_blocked):
    said = json.loads(entry.body)
    items = items_of(entry.object_type, entry.action, said.get("fields"))
    if not items:
        return None
    what, check = values_of(entry, said, row)
    named = [str(entry.object_uid), "; ".join(map(str, people)), entry.actor or ""]
    numbered = [entry.seq, entry.hash, moment(entry.at), "; ".join(map(str, items))]
    return [*numbered, entry.action, entry.object_type, *named, "" if is_blocked else what, check]


def values_of(entry, said, row):
    """(the values that were written, whether they are what the entry commits to). Never a personal one."""
    if row is None:
        return "", GONE
    try:
        public, _personal = row_values(row)
        check = AS_COMMITTED if public_commitment(public) == said.get("public") else DIFFERS
    except UNREADABLE:
        return "", DIFFERS
    shown = (
        OF_CONSENTS if entry.object_type == "consent" else [name for name in said.get("fields") or () if name in public]
    )
    written = {name: public[name] for name in shown if name in public and name not in ("uid", "operator")}
    return "; ".join(f"{name}={_plain(value)}" for name, value in written.items()), check


def _plain(value):
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
