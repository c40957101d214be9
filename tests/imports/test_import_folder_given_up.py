"""manage.py import_folder, where somebody gave an import up, or its rest was refused: what is said, and where the file goes."""

import datetime as dt

import pytest
from django.core import mail
from django.utils import timezone

from registry import tasks
from registry.imports import apply as engine
from registry.imports.asking import ask
from registry.imports.crm_file import CRMFile, Said
from registry.models import DataSubject, ImportRun, ImportSource
from tests import factories

from .scheduled import FIVE, crash, give_up, names, put

pytestmark = pytest.mark.django_db
NOTHING_WRITTEN = (
    "people.csv: import #%d was given up before anything was written. Put the file here again to import it."
)
GIVEN_UP = "people.csv: import #%d was given up after 2 of 5 rows: what was applied stays. Put the file here again to import it."


def test_file_given_up_while_it_is_applied_is_moved_aside(command, folder, after_two_rows):
    """Somebody said on its page that the rest shall not be applied: the next call does not begin anew, and the mailbox hears."""
    put(folder, "people.csv", FIVE)
    after_two_rows(give_up)
    code, lines, _errors = command()
    run = ImportRun.objects.get()
    assert (code, lines, names(folder)) == (2, [GIVEN_UP % run.pk], ["refused/people.csv"])
    assert "It was given up after 2 of 5 rows." in mail.outbox[0].body
    assert (DataSubject.objects.count(), len(mail.outbox)) == (2, 1)


@pytest.mark.parametrize("mailed", [True, False])
def test_file_given_up_between_two_calls_is_moved_aside(command, folder, after_two_rows, mailed):
    """As well where the call was killed before; put there again it is imported."""
    ImportSource.objects.update(report_to="crm@lapp.kz" if mailed else "")
    put(folder, "people.csv", FIVE)
    after_two_rows(crash)
    with pytest.raises(KeyboardInterrupt):
        command()
    run = ImportRun.objects.get()
    give_up(run)
    assert command("--plan-only")[1] == [GIVEN_UP % run.pk]
    code, lines, _errors = command()
    assert (code, lines, names(folder)) == (2, [GIVEN_UP % run.pk], ["refused/people.csv"])
    assert (DataSubject.objects.count(), len(mail.outbox)) == (2, mailed)
    after_two_rows(lambda run: None)
    (folder / "refused" / "people.csv").rename(folder / "people.csv")
    assert command()[0] == 0
    assert (DataSubject.objects.count(), names(folder)) == (5, ["done/people.csv"])


def test_file_of_an_import_that_nobody_went_on_with_is_imported(command, folder, after_two_rows):
    """Killed, and called again a month later: that its rest counts as given up is nobody's word on the file."""
    put(folder, "people.csv", FIVE)
    after_two_rows(crash)
    with pytest.raises(KeyboardInterrupt):
        command()
    month_ago = timezone.now() - dt.timedelta(days=30)
    ImportRun.objects.update(
        step_began_at=month_ago, alive_at=month_ago, planned_at=month_ago - dt.timedelta(minutes=1)
    )
    after_two_rows(lambda run: None)
    assert command()[0] == 0
    assert list(ImportRun.objects.order_by("pk").values_list("state", "new")) == [("cancelled", 2), ("applied", 3)]
    assert (DataSubject.objects.count(), names(folder)) == (5, ["done/people.csv"])
    assert "It was given up after 2 of 5 rows." in mail.outbox[0].body


@pytest.mark.parametrize("mailed", [True, False])
def test_file_given_up_before_its_first_row_is_moved_aside(command, folder, monkeypatch, mailed):
    """Stopped when it was about to write, and given up on its page: that is somebody's word on the file, whoever is told of it."""
    ImportSource.objects.update(report_to="crm@lapp.kz" if mailed else "")
    put(folder, "people.csv", FIVE)
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(engine, "_with_retries", crash)
        command()
    run = ImportRun.objects.get()
    assert (run.state, run.rows_done) == ("applying", 0)
    give_up(run)
    code, lines, _errors = command()
    assert (code, lines) == (2, [NOTHING_WRITTEN % run.pk])
    assert (DataSubject.objects.count(), names(folder), len(mail.outbox)) == (0, ["refused/people.csv"], mailed)


def test_file_given_up_while_it_is_read_is_moved_aside(command, folder, monkeypatch):
    """Nothing was written, and neither line nor report speaks of rows: none was counted to its end."""
    put(folder, "people.csv", FIVE)
    whole = CRMFile.chunks

    def given_up_meanwhile(self, **said):
        give_up(ImportRun.objects.get())
        return whole(self, **said)

    monkeypatch.setattr(CRMFile, "chunks", given_up_meanwhile)
    code, lines, _errors = command()
    run = ImportRun.objects.get()
    assert (code, lines, names(folder)) == (2, [NOTHING_WRITTEN % run.pk], ["refused/people.csv"])
    (report,) = mail.outbox
    assert "\nIt was given up before anything was written.\n" in report.body
    assert "rows" not in report.body and "new:" not in report.body


def test_file_of_which_a_plan_was_given_up_in_the_browser_is_imported(command, folder, crm, source):
    """Somebody looked what it would do: the schedule goes on."""
    put(folder, "people.csv", FIVE)
    run = crm.upload(FIVE)
    run.source = source
    tasks.begin_planning(run, Said(), **crm.acting)
    give_up(run)
    assert ImportRun.objects.get().sha256
    assert command()[0] == 0
    assert names(folder) == ["done/people.csv"]


def test_file_that_was_given_up_while_it_was_read_anew_is_imported(command, folder, crm, source, queue):
    """Somebody looked, said other columns, and gave up before the second reading came to its end: still nothing was meant."""
    put(folder, "people.csv", FIVE)
    run = crm.upload(FIVE)
    run.source = source
    tasks.begin_planning(run, Said(), **crm.acting, here=True)
    ask(run, Said())
    tasks.begin_planning(run, Said(), **crm.acting, here=False)
    give_up(run)
    assert ImportRun.objects.get().wrote_nothing
    assert command()[0] == 0
    assert names(folder) == ["done/people.csv"]


def test_file_refused_after_it_was_cut_off_says_what_stays(command, folder, after_two_rows, crm):
    """The register is no longer that of the plan: the rest is refused, and whoever reads cron's mail learns that two people are in."""
    put(folder, "people.csv", FIVE)
    after_two_rows(crash)
    with pytest.raises(KeyboardInterrupt):
        command()
    factories.make_purpose(crm.operator, "advertising", is_marketing=True)
    code, lines, _errors = command()
    run = ImportRun.objects.get()
    assert (code, run.state, DataSubject.objects.count(), names(folder)) == (2, "cancelled", 2, ["refused/people.csv"])
    assert lines == [
        "people.csv: is refused: Purposes, policies or data lists of the register changed since the plan. Upload the file again. "
        f"Import #{run.pk} had applied 2 of 5 rows before: what was applied stays."
    ]


def test_file_that_was_only_looked_at_is_imported(command, folder):
    """--plan-only gives its own run up: that is nobody's word on the file."""
    put(folder, "people.csv", FIVE)
    command("--plan-only")
    assert command()[0] == 0
    assert names(folder) == ["done/people.csv"]
