"""The lists of a run: lines of the file that somebody has to look at, each with the reason, and the people not in the file."""

from itertools import chain
from typing import NamedTuple

from django.db.models import Max, Q
from django.utils.translation import gettext_lazy as _

from registry.models import DataSubject, ImportRun, ListedRow

from .columns import KEY
from .compare import KINDS
from .double_rows import STORED as DOUBLES_STORED
from .doubles import Doubles
from .listed import FURTHER_STORED, store_further, store_turned_down
from .missing import Seen, expected
from .room import Room, fit, html_bytes
from .rows import NAMES

Kind = ListedRow.Kind
MISSING = "missing"
NAMED = ("surname", "given_name", "patronymic", "full_name", "full_name_given_first")
CELL_SHOWN = 80
# Bytes of HTML: of the rows of a page, of a row without its texts, of a reason without its own, the shortest a text is cut to.
PAGE_BYTES, ROW_MARKUP, REASON_MARKUP, SHORTEST = 70_000, 300, 24, 120
# Rows that are not taken: what goes back to the CRM's owner as one file.
NOT_TAKEN = (Kind.REJECTED, Kind.STOPPED, Kind.DAMAGED)


class Listing(NamedTuple):
    """One list of a run. kinds: of its rows, none where it is made of people; count: the run's own counter.

    most: so many rows are stored, 0 for all; of the others there is their number.
    """

    title: str
    explanation: str
    kinds: tuple = ()
    count: str = ""
    most: int = 0


LISTS = {
    "rejected": Listing(
        _("Rejected rows"),
        _("Something in these rows is wrong. An import leaves them out and takes the others. Have them corrected in the CRM."),
        (Kind.REJECTED,),
        "rejected",
    ),
    "stopped": Listing(
        _("Stopped rows"),
        _("Nothing in these rows is malformed, and yet they would do harm. They are not imported."),
        (Kind.STOPPED, Kind.DAMAGED),
        "stopped",
    ),
    "damaged": Listing(
        _("Names that lost letters"),
        _("Stopped, because letters of the name were lost on the way (“?”). Have the CRM export in UTF-8."),
        (Kind.DAMAGED,),
        "damaged",
    ),
    "doubles": Listing(
        _("Possible doubles"),
        _("The same IIN, e-mail, phone or look of the name under two CRM ids. An import takes such rows as they are: it "
          "merges nobody. Have the CRM's owner decide which id stays."),
        (Kind.DOUBLE,),
        "doubles",
        DOUBLES_STORED,
    ),
    "further": Listing(
        _("Rows taken in part"),
        _("One phone and one e-mail address of a person are kept, the first valid ones; of a row that is wrong otherwise only "
          "the opt-out is taken. What these rows hold besides is not imported. A name that lost letters is taken where that was said, "
          "unless the register has a better one. Have it corrected in the CRM, or the phone that matters put first."),
        (Kind.FURTHER,),
        "further",
        FURTHER_STORED,
    ),
    "missing": Listing(
        _("People missing from the file"),
        _("Active people of the register whose CRM id does not stand in the file. An import never deletes anybody: this "
          "list is for finding out why they are not in it."),
        (),
        "missing",
    ),
    "left": Listing(
        _("Not put back"),
        _("People who were changed in the register after the import, are blocked, or opted out in its file and perhaps in a later "
          "one. Undoing it has left them as they are."),
        (Kind.LEFT,),
        "left",
    ),
}  # fmt: skip


def rows_of(run, kinds):
    """Listed rows in the order of the file."""
    return run.listed_rows.filter(kind__in=kinds).order_by("line", "pk")


def length_of(run, listing):
    """Rows of a list. Of a run that was not applied to its end, undone since or not, the counts are of what it has come to, and the
    list is the plan's, for the whole file."""
    if listing.count in KINDS and run.applied_at is None and run.state != ImportRun.State.PLANNED:
        return rows_of(run, listing.kinds).count()
    return getattr(run, listing.count)


def first_rows(run, kinds, most, *, after=(0, 0)):
    """The first so many of them beyond that (line, key). The index has each kind in this order, and no two of them together."""
    line, pk = after
    beyond = run.listed_rows.filter(Q(line__gt=line) | Q(pk__gt=pk), line__gte=line)
    found = (beyond.filter(kind=kind).order_by("line", "pk")[:most] for kind in kinds)
    return sorted(chain.from_iterable(found), key=lambda row: (row.line, row.pk))[:most]


class Shown(NamedTuple):
    """A row of a list as a page shows it, cut to the room there is. after: where the page after this row begins."""

    line: int
    crm_id: str
    name: str
    reasons: list
    kind: str = ""
    pk: int = 0
    after: str = ""


def shown_rows(run, rows, *, size=PAGE_BYTES):
    """Listed rows for a page; together they take so many bytes of HTML, whatever stands in the cells."""
    places = {field: place for place, (_header, field) in reversed(list(enumerate(run.mapping))) if field}
    rows = list(rows)
    room, shown = Room(size, len(rows)), []
    for row in rows:
        left = max(room.share - ROW_MARKUP, SHORTEST)
        crm_id, name = fit(_cell(row, places, (KEY,)), left // 4), fit(_cell(row, places, NAMED), left // 4)
        reasons = _reasons(row.reasons, left - html_bytes(crm_id) - html_bytes(name))
        room.take(ROW_MARKUP + sum(map(html_bytes, (crm_id, name, *reasons))) + len(reasons) * REASON_MARKUP)
        shown.append(Shown(row.line, crm_id, name, reasons, row.kind, after=f"{row.line}.{row.pk}"))
    return shown


def shown_people(people):
    """People of the register who are missing from the file, for a page."""
    return [
        Shown(
            0,
            fit(person["crm_id"], SHORTEST),
            fit(" ".join(filter(None, (person[part] for part in NAMES))), SHORTEST),
            [],
            pk=person["pk"],
            after=str(person["pk"]),
        )
        for person in people
    ]


def _cell(row, places, fields):
    found = (row.cells[places[field]] for field in fields if field in places and places[field] < len(row.cells))
    text = " ".join(cell.strip()[: CELL_SHOWN + 1] for cell in found if cell.strip())
    return text if len(text) <= CELL_SHOWN else text[:CELL_SHOWN] + "…"


def _reasons(reasons, left):
    shown = []
    for reason in reasons:
        if shown and left < SHORTEST:
            return [*shown, "…"]
        shown.append(fit(reason, max(left, SHORTEST)))
        left -= html_bytes(shown[-1]) + REASON_MARKUP
    return shown


class Findings:
    """Gathers, chunk by chunk and in the order of the file, what a plan lists."""

    def __init__(self, run, file):
        self.run = run
        run.listed_rows.all().delete()
        self.seen = Seen(DataSubject.objects.aggregate(last=Max("pk"))["last"] or 0)
        self.damaged = self.further = 0
        self.doubles = Doubles(run, file)

    def note(self, outcomes, columns):
        """Takes in the outcomes of a chunk, in the order of the file, and the columns of its rows where there are any."""
        self.damaged += store_turned_down(self.run, outcomes)
        self.further += store_further(self.run, outcomes, stored=self.further)
        if self.seen.last:
            people = (outcome.person for outcome in outcomes if outcome.person)
            self.seen.note(person for person in people if person.get("id"))
        self.doubles.note(outcomes, columns)

    def conclude(self):
        """After the last row: what can be said only then. The counts are set, the run is not saved."""
        run = self.run
        self.doubles.conclude(self.seen)
        run.damaged, run.further = self.damaged, self.further
        run.missing = max(expected(run.operator_id).filter(pk__lte=self.seen.last).count() - self.seen.active, 0)
        if run.missing:
            self.seen.keep(run)
