"""The plan of an import: every row read, mapped, checked and compared; nothing of the register is written."""

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry import journal
from registry.models import PERSONAL, DataSubject, ImportRun, JournalHead, ListedRow

from . import storage
from .compare import CHANGED, KINDS, NEW, REJECTED, SAME, STOPPED, Comparison
from .crm_file import CRMFile, Said
from .differences import Difference, difference
from .inspection import FileRefused
from .reference import Reference

SHOWN_DIFFERENCES = 100
SHOWN_REJECTED = 20
LINES_NAMED = 50
AS_FOUND = Said()
LETTERS = {NEW: b"n", CHANGED: b"c", SAME: b"s", REJECTED: b"r", STOPPED: b"t"}


@dataclass
class Plan:
    """What applying the run would do, for the eyes of the person who decides."""

    run: ImportRun
    counts: Counter = field(default_factory=Counter)
    file_warnings: list = field(default_factory=list)
    # (column, reason) → lines; values stay out of it, for the run keeps these sentences.
    row_warnings: dict = field(default_factory=lambda: defaultdict(list))
    row_warning_count: int = 0
    differences: list[Difference] = field(default_factory=list)
    rejected: list = field(default_factory=list)
    incomplete: Counter = field(default_factory=Counter)
    writes: Counter = field(default_factory=Counter)
    shown_uids: list = field(default_factory=list)
    # One letter a row, for apply to hold every row to what was shown of it.
    kinds: bytearray = field(default_factory=bytearray)

    @property
    def warning_count(self):
        return len(self.file_warnings) + self.row_warning_count

    def warnings(self):
        """Sentences: what is said of the file, then what is said of rows, each with the lines it is true of."""
        return self.file_warnings + [_on_lines(*said, lines) for said, lines in self.row_warnings.items()]


def make_plan(run, said: Said = AS_FOUND, *, by, role, accept_damaged_names=False, reason="", progress=None) -> Plan:
    """Reads the run's file against the register of its operator. FileRefused where the file as a whole is refused.

    The run keeps counts, mapping and rejected rows; the plan's own file keeps what apply must find unchanged.
    """
    begun = time.monotonic()
    actor = {"by": by, "role": role, "operator": run.operator, "reason": reason, "run": run.pk}
    try:
        plan = _read(run, said, accept_damaged_names, progress)
    except FileRefused as refusal:
        storage.refuse(run, refusal, actor)
        raise
    run.seconds = time.monotonic() - begun
    with journal.unit_of_work(**actor):
        run.save()
        journal.record("import.plan", object_type="importrun", uid=run.uid, count=run.rows)
    return plan


def _read(run, said, accept_damaged_names, progress):
    today, seq = timezone.localdate(), _last_entry()
    file = CRMFile(storage.file_of(run), said, today=today)
    reference = Reference(run.operator)
    comparison = Comparison(reference, file.columns, accept_damaged_names=accept_damaged_names)
    plan = Plan(run)
    run.listed_rows.all().delete()
    for chunk in file.chunks():
        outcomes = comparison.outcomes(chunk)
        _note(plan, outcomes)
        store_rejected(run, outcomes)
        if progress:
            progress(plan.counts.total())
    if not plan.counts:
        raise FileRefused(_("The file has a header and no rows: there is nothing to import."))
    plan.file_warnings = _file_warnings(file, plan)
    _describe(run, file, plan, accept_damaged_names)
    bound = {"seq": seq, "today": str(today), "reference": reference.digest(), "said": said._asdict()}
    bound["kinds"] = plan.kinds.decode()
    storage.write_plan(run, bound)
    return plan


def _last_entry():
    """The entry after which a change is one made since the plan."""
    with transaction.atomic():
        return JournalHead.locked().seq


def _note(plan, outcomes):
    for outcome in outcomes:
        plan.counts[outcome.kind] += 1
        plan.kinds += LETTERS[outcome.kind]
        plan.row_warning_count += len(outcome.warnings)
        for warning in outcome.warnings:
            plan.row_warnings[warning.column, warning.reason].append(outcome.row.line)
        if outcome.missing:
            plan.incomplete[outcome.missing] += 1
        if outcome.kind in (NEW, CHANGED):
            plan.writes.update((model, write.before is None) for model, write in outcome.writes)
            if len(plan.differences) < SHOWN_DIFFERENCES:
                plan.differences.append(difference(outcome))
                plan.shown_uids += [outcome.person["uid"]] if outcome.kind == CHANGED else []
        elif outcome.kind in (REJECTED, STOPPED) and len(plan.rejected) < SHOWN_REJECTED:
            plan.rejected.append(outcome)


def _on_lines(column, reason, lines):
    named = ", ".join(map(str, lines[:LINES_NAMED])) + (" …" if len(lines) > LINES_NAMED else "")
    said = {"count": len(lines), "lines": named, "column": column, "reason": reason}
    return (
        ngettext(
            "Line %(lines)s, %(column)s: %(reason)s",
            "%(count)d rows, %(column)s: %(reason)s (lines %(lines)s)",
            len(lines),
        )
        % said
    )


def store_rejected(run, outcomes):
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


def _file_warnings(file, plan):
    found, columns = [], file.columns
    if file.inspected.encoding_guessed:
        found.append(
            _("The encoding is guessed to be %(encoding)s: look at the names below, or say another one.")
            % {"encoding": file.inspected.encoding}
        )
    if columns.unknown:
        found.append(_("Columns not imported: %(columns)s.") % {"columns": _quoted(columns.unknown)})
    if columns.refused:
        found.append(
            _("Columns never imported, because identity and state are decided in the register: %(columns)s.")
            % {"columns": _quoted(columns.refused)}
        )
    for missing, count in plan.incomplete.most_common():
        found.append(
            ngettext(
                "%(count)d consent is incomplete and no ground for processing; it lacks: %(missing)s.",
                "%(count)d consents are incomplete and no ground for processing; they lack: %(missing)s.",
                count,
            )
            % {"count": count, "missing": "; ".join(missing)}
        )
    return found


def _quoted(headers):
    return ", ".join(f"“{header}”" if header else _("(no header)") for header in headers)


def _kept_default(field, value):
    """A default as it is kept with the run, for everybody to read."""
    classes = DataSubject.FIELD_CLASSES | {"agreement_number": PERSONAL}
    return "…" if value and classes.get(field) == PERSONAL else value


def _describe(run, file, plan, accept_damaged_names):
    inspected, fields = file.inspected, {place: field for field, place in file.columns.places.items()}
    run.state, run.planned_at, run.expires_at = ImportRun.State.PLANNED, timezone.now(), storage.next_expiry()
    run.file_size, run.sha256 = inspected.size, inspected.sha256
    run.encoding, run.delimiter = inspected.encoding, inspected.delimiter
    run.mapping = [[header, fields.get(place, "")] for place, header in enumerate(file.columns.header)]
    run.defaults = {field: _kept_default(field, value) for field, value in file.columns.defaults.items()}
    run.accept_damaged_names = accept_damaged_names
    run.warnings = plan.warnings()
    run.rows = plan.counts.total()
    for kind in KINDS:
        setattr(run, kind, plan.counts[kind])
