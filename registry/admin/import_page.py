"""What the page of a CRM import shows in each of its states."""

from uuid import UUID

from registry import journal, scope
from registry.choices import Role
from registry.imports import storage
from registry.imports.apply import may_finish
from registry.imports.inspection import FileRefused
from registry.imports.lists import LISTS, NOT_TAKEN, first_rows, length_of, shown_rows
from registry.imports.preview import SHOWN_REJECTED, Plan, shown_columns
from registry.models import ImportRun
from registry.templatetags.registry_ui import state_pill

from .import_lists import list_links, lists_are_kept, may_see_rejected
from .import_steps import ConfirmForm, can_be_given_up, can_be_undone, may_import
from .steps import actor_of, progress_of

State = ImportRun.State
REJECTED_BYTES = 10_000
WARNINGS_SHOWN = 100
# Where one is between the file and the register, while one is on the way.
STEPS = {State.PLANNING: "preview", State.PLANNED: "preview", State.APPLYING: "applied"}


def page_of_run(request, run):
    """The context of the page. Showing people is told to the journal."""
    storage.purge_expired()
    run.refresh_from_db()
    plan = plan_of(request, run)
    # While a step is at work the lists grow and shrink: they are shown when it is over.
    turned_down = plan.rejected if plan else [] if run.is_at_work else turned_down_of(request, run)
    if turned_down:
        journal.record("rejects.view", object_type="importrun", uid=run.uid, count=len(turned_down))
    return {
        "run": run,
        "state_pill": state_pill(run.state, run.get_state_display()),
        "step": STEPS.get(run.state),
        "counted": run.planned_at is not None and run.state != State.PLANNING and not run.wrote_nothing,
        "plan": plan,
        "turned_down": turned_down,
        "all_changes": run.new + run.changed,
        "turned_down_more": sum(length_of(run, LISTS[kind]) for kind in ("rejected", "stopped")) - len(turned_down),
        "warnings": run.warnings[:WARNINGS_SHOWN],
        "columns": shown_columns(run.mapping),
        "lists": [] if run.is_at_work else list_links(request, run),
        "nothing_to_do": run.state == State.PLANNED and not (run.new or run.changed),
        # What else ends an import says itself what is to be done.
        "to_be_imported_anew": run.refusal in ("", str(storage.FORGOTTEN)),
        "may": rights(request, run),
        "confirm_form": ConfirmForm(initial={"token": run.token}) if run.state == State.PLANNED else None,
        "colleague": colleague(request, run),
    } | (progress_of(request, run) if run.is_at_work else {})


def plan_of(request, run):
    """The preview as it was shown when the plan was made, for the one who decides and the DPO; it is a read of people."""
    if run.state != State.PLANNED or not may_see_rejected(request, run):
        return None
    try:
        kept = storage.read_plan(run)
    except FileRefused:
        return None
    if "preview" not in kept:  # read anew in this very moment
        return None
    plan = Plan.of(run, kept["preview"])
    if plan.shown_uids:
        uids = list(map(UUID, plan.shown_uids))
        journal.record("import.preview", object_type="importrun", uid=run.uid, uids=uids)
    return plan


def turned_down_of(request, run):
    """The first rows that were not taken, as long as they are kept."""
    if not may_see_rejected(request, run) or not lists_are_kept(run):
        return []
    return shown_rows(run, first_rows(run, NOT_TAKEN, SHOWN_REJECTED), size=REJECTED_BYTES)


def rights(request, run):
    """What this user may do with the run now."""
    imports, own = may_import(request), run.owner_id == request.user.pk
    finishes = imports and may_finish(run, **actor_of(request))
    return {
        "import": imports,
        "confirm": imports and own and run.state == State.PLANNED,
        "give_up": imports and own if run.state in ImportRun.OPEN else finishes and can_be_given_up(run),
        "finish": finishes,
        "undo": finishes and can_be_undone(run),
    }


def colleague(request, run):
    """Whose the plan is, where it is somebody else's: it is the owner's to confirm."""
    if run.owner_id in (None, request.user.pk) or scope.role_of(request.user) not in (Role.DPO, Role.REGISTRAR):
        return ""
    return run.owner.get_full_name() or run.owner.username
