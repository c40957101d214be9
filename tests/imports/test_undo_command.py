"""manage.py undo_import."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from registry import tasks
from registry.imports import crm_file
from registry.journal import unit_of_work
from registry.models import DataSubject, ImportRun, JournalEntry
from tests import factories

from .crm import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def command(capsys):
    """Runs the command: (exit code, what it printed)."""

    def run(*arguments, operator="lapp", **options):
        code = 0
        try:
            call_command("undo_import", *map(str, arguments), operator=operator, **options)
        except SystemExit as ended:
            code = ended.code
        return code, capsys.readouterr().out

    return run


def today(run):
    return timezone.localdate(run.undone_at)


def test_undo_says_how_many_and_a_second_time_the_same(crm, command):
    """Everybody is put back: exit code 0, and the same words for whoever asks again."""
    run = crm.load([person(1), person(2)])
    first = command(run.pk)
    run.refresh_from_db()
    assert first == (
        0,
        f"Import #{run.pk}, undone on {today(run)}: 2 people put back; left as they are: 0.\n",
    )
    entries = JournalEntry.objects.count()
    assert command(run.pk) == first
    assert (JournalEntry.objects.count(), DataSubject.objects.count()) == (entries, 0)


def test_people_left_are_exit_code_2(crm, command):
    """Whoever runs it by a script learns that somebody has to look."""
    run = crm.load([person(1), person(2)])
    subject = DataSubject.objects.get(crm_id="C0000002")
    subject.phone = "+77050000003"
    with unit_of_work(by=7, role="dpo", operator="lapp"):
        subject.save()
    code, out = command(run.pk, reason="the wrong file")
    assert (code, "1 person put back; left as they are: 1." in out) == (2, True)
    assert DataSubject.history.filter(history_type="-").get().history_change_reason == "the wrong file"


def test_undo_that_was_cut_off_goes_on(crm, command, monkeypatch):
    """After a kill the same command goes on where it stood."""
    for vendor in crm_file.CHUNK_ROWS:
        monkeypatch.setitem(crm_file.CHUNK_ROWS, vendor, 2)
    run = crm.load([person(number) for number in range(5)])

    def crash(run, done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tasks.begin_undo(run, **crm.acting, reason="the wrong file", line=crash)
    code, out = command(run.pk)
    assert (code, out.splitlines()[0]) == (
        0,
        f"The undo of import #{run.pk} was cut off after 2 people and goes on from there.",
    )
    assert DataSubject.objects.count() == 0
    reasons = DataSubject.history.filter(history_type="-").values_list("history_change_reason", flat=True)
    assert set(reasons) == {"the wrong file"}


def test_only_those_who_may_import_undo(crm, lapp, kazger, command):
    """An auditor, another registrar's run and another operator's run are refused, each with a sentence."""
    factories.make_user("auditor", lapp, username="aigul")
    owner, other = (factories.make_user("registrar", lapp, username=name) for name in ("serik", "dana"))
    run = crm.load([person(1)])
    ImportRun.objects.filter(pk=run.pk).update(owner=owner)
    with pytest.raises(CommandError, match="^“aigul” may not do this for lapp. Name in --by who may: "):
        command(run.pk, by="aigul")
    mine = f"^Import #{run.pk} is not yours to undo. Name in --by its owner or a data protection officer.$"
    for by in (other.username, ""):
        with pytest.raises(CommandError, match=mine):
            command(run.pk, by=by)
    with pytest.raises(CommandError, match=f"^kazger has no import #{run.pk}. Its imports are listed in the admin.$"):
        command(run.pk, operator="kazger")
    with pytest.raises(CommandError, match="^There is no operator “nobody”. Known are: "):
        command(run.pk, operator="nobody")
    assert DataSubject.objects.count() == 1
    assert command(run.pk, by="serik")[0] == 0


def test_plan_is_refused(crm, command):
    """Nothing was written yet: there is nothing to undo."""
    run = crm.plan([person(1)])
    said = f"^Import #{run.pk} is planned: it wrote nothing that could be undone, or is not at its end.$"
    with pytest.raises(CommandError, match=said):
        command(run.pk)
