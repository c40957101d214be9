"""The lists of a run: lines of the file that somebody has to look at, each with the reason, and the people not in the file."""

from typing import NamedTuple

from django.db.models import Max, Q
from django.utils.translation import gettext_lazy as _

from registry.models import DataSubject, ListedRow

from .compare import REJECTED, STOPPED
from .doubles import Doubles
from .missing import Seen, expected

Kind = ListedRow.Kind
MISSING = "missing"
# Rows that are not taken: what goes back to the CRM's owner as one file.
TURNED_DOWN = (Kind.REJECTED, Kind.STOPPED, Kind.DAMAGED)


class Listing(NamedTuple):
    """One list of a run. kinds: of its rows, none where it is made of people; count: the run's own counter."""

    title: str
    explanation: str
    kinds: tuple = ()
    count: str = ""


LISTS = {
    "rejected": Listing(
        _("Rejected rows"),
        _("Something in these rows is wrong. They are not imported; the others are. Have them corrected in the CRM."),
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
        _("The same IIN, e-mail, phone or look of the name under two CRM ids. These rows are imported as they are: nobody "
          "is merged by an import. Have the CRM's owner decide which id stays."),
        (Kind.DOUBLE,),
        "doubles",
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
        _("People who were changed in the register after the import. Undoing it has left them as they are."),
        (Kind.LEFT,),
        "left",
    ),
}  # fmt: skip


def rows_of(run, kinds, *, after=(0, 0)):
    """Listed rows in the order of the file, beyond that (line, key); walked by key."""
    line, pk = after
    rows = run.listed_rows.filter(kind__in=kinds).order_by("line", "pk")
    return rows.filter(Q(line__gt=line) | Q(line=line, pk__gt=pk)) if after != (0, 0) else rows


class Findings:
    """Gathers, chunk by chunk and in the order of the file, what a plan lists."""

    def __init__(self, run, file, comparison):
        self.run = run
        run.listed_rows.all().delete()
        self.seen = Seen(DataSubject.objects.aggregate(last=Max("pk"))["last"] or 0)
        self.damaged = self.active_seen = 0
        self.doubles = Doubles(run, file)

    def note(self, outcomes):
        """Takes in the outcomes of a chunk, in the order of the file."""
        store_turned_down(self.run, outcomes)
        for outcome in outcomes if self.seen.last else ():
            pk = outcome.person and outcome.person.get("id")
            if pk and self.seen.add(pk) and outcome.person["state"] == DataSubject.State.ACTIVE:
                self.active_seen += 1
        self.damaged += sum(map(_is_damaged, outcomes))
        self.doubles.note(outcomes)

    def conclude(self):
        """After the last row: what can be said only then. The counts are set, the run is not saved."""
        run = self.run
        self.doubles.conclude(self.seen)
        run.damaged = self.damaged
        run.missing = max(expected(run.operator_id).filter(pk__lte=self.seen.last).count() - self.active_seen, 0)
        if run.missing:
            self.seen.keep(run)


def _is_damaged(outcome):
    return outcome.kind == STOPPED and outcome.problems and outcome.problems == outcome.row.damaged


def store_turned_down(run, outcomes):
    """Rows that are not taken, as they stood in the file, with the reasons."""
    ListedRow.objects.bulk_create(
        ListedRow(
            run=run,
            kind=Kind.DAMAGED if _is_damaged(outcome) else outcome.kind,
            line=outcome.row.line,
            cells=[cell.replace("\0", "") for cell in outcome.row.cells],
            reasons=[problem.with_value().replace("\0", "") for problem in outcome.problems],
        )
        for outcome in outcomes
        if outcome.kind in (REJECTED, STOPPED)
    )
