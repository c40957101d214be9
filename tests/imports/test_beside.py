"""The process beside a long import: what it makes ready is what the import itself would have made, and nobody depends on it."""

import logging
import re

import pytest
from django.db import connection

from registry.imports import beside, crm_file, ready
from registry.imports.apply import AlreadyTaken, cancel
from registry.imports.beside import Beside
from registry.imports.ready import Maker
from registry.journal.reconcile import findings
from registry.models import DataSubject, ImportRun, ListedRow
from tests import factories
from tests.benchmarks.kills import WITHIN, Aim, in_a_child, standing
from tests.worker_process import environment

from .crm import CRM, consent, person
from .test_planned_rows import change

pytestmark = pytest.mark.django_db(transaction=True)
COMES_UP_SECONDS = 60
KNOWN = [person(number, **consent()) for number in range(12)]
NEXT = [
    *(person(number, phone=f"8702000{number:04}", **consent(), agreement_number=f"A-{number}") for number in range(6)),
    *KNOWN[6:9],
    person(9, **consent(consent_given_on="01.03.2025")),
    *(person(number, email_opt_out="yes") for number in range(12, 18)),
    person(90, email="x"),
]


@pytest.fixture(autouse=True)
def long_imports(monkeypatch):
    """Every import is a long one, of many chunks, and waits until the other process is up."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 4)
    monkeypatch.setattr(beside, "FEWEST_ROWS", 1)
    is_up = Beside.is_up
    monkeypatch.setattr(
        Beside, "is_up", lambda self: (not self.pipe or self.pipe.poll(COMES_UP_SECONDS)) and is_up(self)
    )
    for name, value in environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def made_here(monkeypatch):
    """How many rows the import made ready itself, each time."""
    made, make = [], Maker.ready

    def ready(self, chunks):
        made.append(sum(len(chunk.rows) for chunk in chunks))
        return make(self, chunks)

    monkeypatch.setattr(Maker, "ready", ready)
    return made


@pytest.fixture
def crm():
    operator = factories.make_operator("lapp")
    factories.make_purpose(operator)
    crm = CRM(operator)
    crm.load(KNOWN)
    return crm


def test_import_made_ready_beside_equals_one_made_here(crm, made_here, monkeypatch):
    """New and changed people, consents, agreements, opt-outs, rows that stay and one that is rejected: the same register."""
    run = crm.plan(NEXT)
    made_here.clear()
    crm.apply(run)
    assert made_here == []
    monkeypatch.setattr(beside, "FEWEST_ROWS", 1000)
    other = CRM(factories.make_operator("kazger"))
    factories.make_purpose(other.operator)
    other.load(KNOWN)
    run_of_other = other.plan(NEXT)
    made_here.clear()
    other.apply(run_of_other)
    assert sum(made_here) == 13
    assert crm.counts(run) == {"new": 6, "changed": 7, "same": 3, "rejected": 1}
    assert standing(crm.operator, run) == standing(other.operator, run_of_other)
    assert list(findings()) == []


def test_rows_of_people_changed_since_the_plan_are_stopped(crm, made_here):
    """A row that was made beside is made here again where the register tells something else now; the others are not."""
    run = crm.plan(NEXT)
    change("C0000005", phone="+77050000003")
    made_here.clear()
    crm.apply(run)
    assert made_here == [1]
    assert crm.counts(run) == {"new": 6, "changed": 6, "same": 3, "rejected": 1, "stopped": 1}
    assert [row.line for row in ListedRow.objects.filter(run=run, kind="stopped")] == [7]
    assert DataSubject.objects.get(crm_id="C0000005").phone == "+77050000003"


def test_run_given_up_is_told_so_also_where_its_file_had_to_be_read_again(crm):
    """Somebody is changed and the run is given up: the next chunk has to be made again, and its file is gone."""
    run = crm.plan([person(number, phone=f"8702000{number:04}") for number in range(12)])

    def give_up(done):
        change("C0000005", phone="+77050000003")
        cancel(ImportRun.objects.get(pk=run.pk), **crm.acting)

    with pytest.raises(AlreadyTaken):
        crm.apply(run, progress=give_up)
    run.refresh_from_db()
    assert (run.state, run.rows_done, crm.counts(run)) == ("cancelled", 4, {"changed": 4})


def test_whoever_enters_people_meanwhile_gets_other_ids(crm, made_here):
    """The ids that are made ready belong to the import: nothing has to be made again for them."""
    run, entered = crm.plan([person(number) for number in range(20, 40)]), []

    def enter(done):
        entered.append(factories.make_subject(crm.operator, crm_id=f"D{done}"))

    made_here.clear()
    crm.apply(run, progress=enter)
    assert (made_here, crm.counts(run)) == ([], {"new": 20})
    assert DataSubject.objects.count() == 12 + 20 + len(entered)


def test_process_that_is_killed_is_done_without(crm, made_here, monkeypatch, caplog):
    """The import goes on by itself, and the log says so without a word of the people."""
    started, init = [], Beside.__init__
    monkeypatch.setattr(Beside, "__init__", lambda self, run=None: init(self, run) or started.append(self))
    run = crm.plan([person(number) for number in range(20, 420)])  # more than fits into the pipe
    made_here.clear()

    def kill(done):
        if done == 8:
            assert started[0].pipe.poll(COMES_UP_SECONDS)  # with a chunk in the pipe, which is still written
            started[0].process.kill()

    with caplog.at_level(logging.WARNING, logger="registry.imports.second_process"):
        crm.apply(run, progress=kill)
    assert crm.counts(run) == {"new": 400}
    assert 0 < sum(made_here) < 392
    [said] = [record.getMessage() for record in caplog.records]
    assert re.fullmatch(
        rf"The process that makes chunks of import #{run.pk} ready is gone \(status -9, \w+Error\): it is done in this one.",
        said,
    )


def test_process_of_another_version_is_not_asked(crm, made_here, monkeypatch, caplog):
    """The code was replaced while the worker ran: rows that lie otherwise would come into wrong columns."""
    run = crm.plan([person(number) for number in range(20, 40)])
    monkeypatch.setattr(ready, "layout", list)
    made_here.clear()
    crm.apply(run)
    assert (sum(made_here), crm.counts(run)) == (20, {"new": 20})
    assert "(status 0, another version)" in caplog.text


def test_error_over_there_is_named_without_its_words(crm, made_here, monkeypatch, caplog, capfd):
    """Here it is met again, or it does not matter."""
    run = crm.plan([person(number) for number in range(20, 40)])
    monkeypatch.setenv("DATA_DIR", "/proc/nowhere")
    made_here.clear()
    crm.apply(run)
    assert (sum(made_here), crm.counts(run)) == (20, {"new": 20})
    assert "is gone (status 1, FileNotFoundError)" in caplog.text
    assert "Traceback" not in capfd.readouterr().err


def test_killed_import_goes_on_where_it_was(crm):
    """The import is killed while the other process makes its chunks; the same command brings it to its end."""
    run = crm.plan([person(number) for number in range(20, 420)])
    assert in_a_child(run.pk, "applied", Aim(WITHIN, 12))
    run.refresh_from_db()
    assert 0 < run.rows_done < 400
    assert not in_a_child(run.pk, "applied")
    assert (DataSubject.objects.count(), DataSubject.history.count()) == (412, 412)
    assert list(findings()) == []


def test_process_ends_with_the_one_that_began_it(crm):
    """Nobody terminates it then: it finds the pipe broken."""
    run = crm.plan([person(number) for number in range(20, 40)])
    with Beside(run) as started:
        assert started.is_up()
        started.pipe.close()
        started.process.join(COMES_UP_SECONDS)
        assert started.process.exitcode == 0


def test_short_import_has_none(crm, monkeypatch):
    """It would be over before the process is up."""
    monkeypatch.setattr(beside, "FEWEST_ROWS", 1000)
    assert Beside.of(crm.plan(NEXT), to_write=20).process is None
