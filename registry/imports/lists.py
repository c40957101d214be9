"""The lists of a run: lines of the file that somebody has to look at, each with the reason."""

from registry.models import ListedRow

from .compare import REJECTED, STOPPED


class Findings:
    """Gathers, chunk by chunk and in the order of the file, what a plan lists."""

    def __init__(self, run, file, comparison):
        self.run = run
        run.listed_rows.all().delete()

    def note(self, outcomes):
        """Takes in the outcomes of a chunk, in the order of the file."""
        store_turned_down(self.run, outcomes)

    def conclude(self):
        """After the last row: what can be said only then."""


def store_turned_down(run, outcomes):
    """Rows that are not taken, as they stood in the file, with the reasons."""
    ListedRow.objects.bulk_create(
        ListedRow(
            run=run,
            kind=outcome.kind,
            line=outcome.row.line,
            cells=[cell.replace("\0", "") for cell in outcome.row.cells],
            reasons=[problem.with_value().replace("\0", "") for problem in outcome.problems],
        )
        for outcome in outcomes
        if outcome.kind in (REJECTED, STOPPED)
    )
