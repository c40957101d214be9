"""An import that a later file of its source has overtaken: the file read last has the last word, whatever was begun before it."""

import datetime as dt

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from registry import tasks
from registry.imports import apply as engine
from registry.imports.apply import apply, cancel
from registry.imports.crm_file import Said
from registry.imports.inspection import FileRefused
from registry.imports.undo import take as take_for_undo
from registry.models import DataSubject, ImportRun, ImportSource, JournalEntry
from tests import factories
from tests.queued import is_queued, work

from .crm import CRM, csv_of, person
from .scheduled import names, put
from .undoing import crash, undone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chunks_of_two")]
KNOWN = [person(number) for number in range(1, 6)]
OLDER = [person(number, phone=f"8702000000{number}") for number in range(1, 6)]
NEWER = [*KNOWN[:4], person(5, email="new@example.kz")]  # what is as the register has it leaves no entry
AS_KNOWN = [f"+7701000000{number}" for number in range(1, 6)]


def overtaken_by(run):
    return (
        f"A later file was imported since, by import #{run.pk}: nothing more of this one is applied. Import the newest file, or this "
        "one again where it is not out of date."
    )


def phones():
    people = DataSubject.objects.filter(operator__code="lapp").order_by("crm_id")
    return list(people.values_list("phone", flat=True))


def cut_off(crm):
    """The older file, of which two rows are applied."""
    crm.load(KNOWN)
    run = crm.plan(OLDER)
    with pytest.raises(KeyboardInterrupt):
        crm.apply(run, progress=crash)
    return ImportRun.objects.get(pk=run.pk)


def test_rest_of_an_older_file_is_not_written_over_a_newer_one(crm):
    """Gone on with a day later it would give people the phones of the day before; what it had applied before the newer file stays."""
    run = cut_off(crm)
    newer = crm.load(NEWER)
    with pytest.raises(FileRefused) as refusal:
        apply(run, **crm.acting)
    assert (str(refusal.value), phones()) == (overtaken_by(newer), AS_KNOWN)
    assert (run.state, run.rows_done, crm.counts(run)) == ("cancelled", 2, {"changed": 2})
    undone(crm, run)
    assert (run.state, run.left) == ("undone", 2)


def test_older_plan_is_refused_whole(crm):
    """Left open in another window and confirmed after the newer file: nothing of it is written."""
    crm.load(KNOWN)
    run = crm.plan(OLDER)
    newer = crm.load(NEWER)
    with pytest.raises(FileRefused):
        crm.apply(run)
    assert (run.state, run.refusal, phones()) == ("refused", overtaken_by(newer), AS_KNOWN)
    assert JournalEntry.objects.latest("seq").action == "import.reject"


def cut_off_itself(crm, run):
    with pytest.raises(KeyboardInterrupt):
        crm.apply(run, progress=crash)


def given_up_in_the_middle(crm, run):
    cut_off_itself(crm, run)
    cancel(ImportRun.objects.get(pk=run.pk), **crm.acting)


def of_which_the_undo_was_given_up(crm, run):
    """Before anybody was put back."""
    given_up_in_the_middle(crm, run)
    run = take_for_undo(ImportRun.objects.get(pk=run.pk), **crm.acting)
    ImportRun.objects.filter(pk=run.pk).update(alive_at=None)
    cancel(ImportRun.objects.get(pk=run.pk), **crm.acting)


@pytest.mark.parametrize("act", [cut_off_itself, given_up_in_the_middle, of_which_the_undo_was_given_up])
def test_newer_file_that_is_applied_in_part_has_the_last_word_too(crm, act):
    """A row that it had dealt with may have said what the register knew."""
    run, newer = cut_off(crm), crm.plan(NEWER)
    act(crm, newer)
    with pytest.raises(FileRefused) as refusal:
        apply(run, **crm.acting)
    assert (str(refusal.value), run.rows_done) == (overtaken_by(newer), 2)


def of_another_source(crm, run):
    other = crm.plan(NEWER)
    other.source = factories.save(ImportSource(operator=crm.operator, name="Bitrix24"))
    other.save()
    crm.apply(other)


def of_another_operator(crm, run):
    CRM(factories.make_operator("kazger")).load(NEWER)


def undone_since(crm, run):
    undone(crm, crm.load(NEWER))


def only_planned(crm, run):
    crm.plan(NEWER)


def given_up_as_a_plan(crm, run):
    cancel(crm.plan(NEWER), **crm.acting)


def waiting_for_the_worker(crm, run):
    newer = crm.plan(NEWER)
    tasks.begin_apply(newer, token=newer.token, **crm.acting, here=False)


def read_before_and_applied_first(crm, run):
    """Both wait for the worker, and it does one after the other."""
    other = crm.plan(NEWER)
    planned_at = run.planned_at - dt.timedelta(microseconds=1)
    ImportRun.objects.filter(pk=other.pk).update(planned_at=planned_at)
    crm.apply(other)


@pytest.mark.parametrize(
    "act",
    [
        of_another_source, of_another_operator, undone_since, only_planned, given_up_as_a_plan, waiting_for_the_worker,
        read_before_and_applied_first,
    ],
)  # fmt: skip
@pytest.mark.usefixtures("queue")
def test_import_that_nothing_has_overtaken_is_applied(crm, act):
    """Another source's file, one that was taken back or not applied, and one that is older itself."""
    crm.load(KNOWN)
    run = crm.plan(OLDER)
    act(crm, run)
    crm.apply(run)
    assert (run.state, phones()[:4]) == ("applied", [f"+7702000000{number}" for number in range(1, 5)])


def test_import_that_has_nothing_left_to_write_comes_to_its_end(crm, monkeypatch):
    """Killed after its last chunk: to be refused now would say that something of it is missing."""
    crm.load(KNOWN)
    run = crm.plan(OLDER)
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(engine, "_finish", lambda *run: crash(run))
        crm.apply(run)
    crm.load(NEWER)
    run = ImportRun.objects.get(pk=run.pk)
    apply(run, **crm.acting)
    assert (run.state, crm.counts(run)) == ("applied", {"changed": 5})


def test_worker_that_takes_over_ends_with_it(crm, queue):
    """It does not come back to it, and the page says why."""
    run = cut_off(crm)
    newer = crm.load(NEWER)
    ImportRun.objects.filter(pk=run.pk).update(step_role="system", alive_at=timezone.now() - dt.timedelta(minutes=1))
    tasks.take_over_cut_off()
    assert is_queued(run)
    work()
    tasks.take_over_cut_off()
    run.refresh_from_db()
    assert (run.state, run.refusal, is_queued(run)) == ("cancelled", overtaken_by(newer), False)


def newer_in_the_browser(crm, source):
    run = crm.upload(NEWER)
    run.source = source
    tasks.begin_planning(run, Said(), **crm.acting, here=True)
    tasks.begin_apply(run, token=run.token, **crm.acting, here=True)
    return run


def test_file_of_a_folder_that_was_overtaken_is_moved_aside(crm, command, folder, source, after_two_rows):
    """Cut off, and somebody imported the newer one by hand: cron's mail and the report say so, and how far the older one had come."""
    crm.load(KNOWN)
    put(folder, "people.csv", csv_of(OLDER))
    after_two_rows(crash)
    with pytest.raises(KeyboardInterrupt):
        command()
    run = ImportRun.objects.latest("pk")
    newer = newer_in_the_browser(crm, source)
    code, lines, _errors = command()
    stays = f"Import #{run.pk} had applied 2 of 5 rows before: what was applied stays."
    assert (code, lines) == (2, [f"people.csv: is refused: {overtaken_by(newer)} {stays}"])
    assert (names(folder), phones()[2:]) == (["refused/people.csv"], AS_KNOWN[2:])
    assert f"It was given up after 2 of 5 rows.\n{overtaken_by(newer)}" in mail.outbox[-1].body


def test_command_says_that_its_file_was_overtaken(crm, tmp_path):
    """Called again with the file that was cut off: exit 1, with how far it had come."""
    run = cut_off(crm)
    newer = crm.load(NEWER)
    path = tmp_path / "people.csv"
    path.write_bytes(csv_of(OLDER))
    ImportRun.objects.filter(pk=run.pk).update(alive_at=None)
    with pytest.raises(CommandError) as refusal:
        call_command("import_subjects", path, "--operator", "lapp", "--source", "")
    stays = f"Import #{run.pk} had applied 2 of 5 rows before: what was applied stays."
    assert str(refusal.value) == f"{overtaken_by(newer)} {stays}"
