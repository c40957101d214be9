"""Rows of a run's lists, stored as they stood in the file, with line and reasons."""

import json
from collections import Counter

from django.db import transaction

from registry.journal import copying
from registry.models import ImportRun, ListedRow

from .compare import STOPPED, TURNED_DOWN
from .storage import AlreadyTaken

Kind = ListedRow.Kind
# What a plan lists of a row, and the run's own count of each list that has one; rejected and stopped rows it counts as it goes.
BY_THE_PLAN = (Kind.REJECTED, Kind.STOPPED, Kind.DAMAGED, Kind.FURTHER, Kind.DOUBLE)
COUNTS = {Kind.DAMAGED: "damaged", Kind.FURTHER: "further", Kind.DOUBLE: "doubles"}
COLUMNS = ("run_id", "kind", "line", "cells", "reasons")
# More rows with further values than this are counted and not stored: four seconds of COPY, 50 MB.
FURTHER_STORED = 100_000


def store(run, rows):
    """rows: (kind, line, cells, reasons). Straight into the table, for a list may be as long as the file.

    AlreadyTaken where another process is at the step by now: it lists the rows itself.
    """
    stored = [(run.pk, str(kind), line, _json(cells), _json(reasons)) for kind, line, cells, reasons in rows]
    if stored:
        with transaction.atomic():
            mine = ImportRun.objects.filter(pk=run.pk, state=run.state, step_began_at=run.step_began_at)
            if not mine.select_for_update().exists():
                raise AlreadyTaken
            copying.insert(ListedRow, COLUMNS, stored)


def store_turned_down(run, outcomes) -> int:
    """Rows that are not taken, with the reasons. How many of them lost letters of a name."""
    turned_down = [outcome for outcome in outcomes if outcome.kind in TURNED_DOWN]
    kinds = [Kind.DAMAGED if _is_damaged(outcome) else outcome.kind for outcome in turned_down]
    store(
        run,
        (
            (kind, outcome.row.line, outcome.row.cells, [problem.with_value() for problem in outcome.problems])
            for kind, outcome in zip(kinds, turned_down, strict=True)
        ),
    )
    return kinds.count(Kind.DAMAGED)


def store_anew(run, outcomes) -> dict:
    """Rows that are turned down, or all but their opt-out, though the plan took them, or for another reason than it gave: whatever
    it listed of them goes.

    Returns the counts of the lists as they are then. A row beyond those that are stored stays counted: nothing tells which it is.
    """
    lines = [outcome.row.line for outcome in outcomes]
    listed = run.listed_rows.filter(kind__in=BY_THE_PLAN, line__in=lines)
    gone = Counter(listed.order_by().values_list("kind", flat=True))
    listed.delete()
    store_turned_down(run, outcomes)
    counts = {name: getattr(run, name) - gone[kind] for kind, name in COUNTS.items()}
    counts["further"] += store_further(run, outcomes, stored=counts["further"])
    return counts


def store_further(run, outcomes, *, stored) -> int:
    """Rows that are taken but for some of their phones or addresses, with those; `stored` of them are stored before. How many."""
    found = []
    for row in [outcome.row for outcome in outcomes if outcome.row.warnings and outcome.kind not in TURNED_DOWN]:
        if sentences := [problem.further for problem in row.warnings if problem.further]:
            found.append((Kind.FURTHER, row.line, row.cells, sentences))
    store(run, found[: max(FURTHER_STORED - stored, 0)])
    return len(found)


def _is_damaged(outcome):
    return outcome.kind == STOPPED and outcome.problems and outcome.problems == outcome.row.damaged


def _json(texts):
    return json.dumps([text.replace("\0", "") for text in texts], ensure_ascii=False)
