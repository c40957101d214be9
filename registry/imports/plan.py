"""The plan of an import: every row read, mapped, checked and compared; nothing of the register is written."""

import time
from contextlib import closing

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry import journal
from registry.models import ImportRun, JournalHead

from . import storage
from .compare import KINDS, Comparison
from .crm_file import CRMFile, Said
from .inspection import FileRefused
from .lists import Findings
from .memory import seldom_collected
from .preview import Plan, file_warnings
from .reference import Reference
from .sources import is_somebodys_own

AS_FOUND = Said()


@seldom_collected()
def make_plan(run, said: Said = AS_FOUND, *, by, role, accept_damaged_names=False, reason="", progress=None) -> Plan:
    """Reads the run's file against the register of its operator. FileRefused where the file as a whole is refused.

    The run keeps counts, mapping and rejected rows; the plan's own file keeps what apply must find unchanged.
    """
    begun = time.monotonic()
    actor = {"by": by, "role": role, "operator": run.operator, "reason": reason, "run": run.pk}
    try:
        with storage.file_may_go(run):
            plan, bound = _read(run, said, accept_damaged_names, progress)
    except FileRefused as refusal:
        storage.refuse(run, refusal, actor)
        raise
    run.seconds = time.monotonic() - begun
    storage.write_plan(run, bound | {"reason": reason})  # also what whoever reads it anew after a crash goes by
    with journal.unit_of_work(**actor):
        storage.keep_planned(run)
        journal.record("import.plan", object_type="importrun", uid=run.uid, count=run.rows)
    run.state, run.rows_done = ImportRun.State.PLANNED, 0
    return plan


def _read(run, said, accept_damaged_names, progress):
    """(the plan, what apply must find unchanged)."""
    today, seq = timezone.localdate(), _last_entry()
    file = CRMFile(storage.file_of(run), said, today=today)
    reference = Reference(run.operator)
    comparison = Comparison(reference, file.columns, today=today, accept_damaged_names=accept_damaged_names)
    comparison.shown = set()
    plan = Plan(run)
    findings = Findings(run, file)
    with closing(file.chunks(at_once=2)) as chunks:
        for chunk in chunks:
            outcomes = comparison.outcomes(chunk)
            findings.note(outcomes, chunk.columns)
            plan.note(outcomes)
            if progress:
                progress(plan.counts.total())
    if not plan.counts:
        raise FileRefused(_("The file has a header and no rows: there is nothing to import."))
    findings.conclude()
    plan.file_warnings = file_warnings(file, plan)
    _describe(run, file, plan, said, accept_damaged_names)
    bound = {"seq": seq, "today": str(today), "reference": reference.digest(), "said": said._asdict()}
    bound |= {"kinds": plan.kinds.decode(), "repeated": file.repeated, "preview": plan.kept()}
    return plan, bound


def _last_entry():
    """The entry after which a change is one made since the plan."""
    with transaction.atomic():
        return JournalHead.locked().seq


def _kept_default(field, value):
    """A default as it is kept with the run, for everybody to read."""
    return "…" if value and is_somebodys_own(field) else value


def _describe(run, file, plan, said, accept_damaged_names):
    inspected, columns = file.inspected, file.columns
    run.planned_at, run.expires_at = timezone.now(), storage.next_expiry()
    run.file_size, run.sha256 = inspected.size, inspected.sha256
    run.encoding, run.delimiter = inspected.encoding, inspected.delimiter
    run.mapping = [list(pair) for pair in zip(columns.header, columns.fields, strict=True)]
    run.defaults = {field: _kept_default(field, value) for field, value in columns.defaults.items()}
    run.accept_damaged_names, run.blank_clears = accept_damaged_names, said.blank_clears
    run.warnings = plan.warnings()
    run.rows = plan.counts.total()
    for kind in KINDS:
        setattr(run, kind, plan.counts[kind])
